package consensus

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/errs"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// GetBeacon implements the contract.
func (s *server) GetBeacon(ctx context.Context, req *consensusv1.GetBeaconRequest) (*consensusv1.GetBeaconResponse, error) {
	height := req.GetHeight()
	watch := s.node.WatchAll()
	defer watch.Close()
	var signature []byte
	_, err := s.awaitKnown(ctx, watch, func() (done bool, err error) {
		collected := s.node.Collected() // Before reading the beacon, or one could be missed in between.
		signature, err = s.node.Beacon(height)
		return signature != nil || height <= collected || height > collected+maxLag, err
	})
	if err != nil {
		return nil, err
	}
	if signature == nil {
		return nil, errs.New(errorsv1.Reason_REASON_BEACON_NOT_FOUND,
			"no beacon was drawn at height %d: validators draw one only where a round awaits its dice; a round names its beacon_height", height)
	}
	return &consensusv1.GetBeaconResponse{Beacon: beaconToProto(height, signature)}, nil
}

// GetFairness implements the contract.
func (s *server) GetFairness(context.Context, *consensusv1.GetFairnessRequest) (*consensusv1.GetFairnessResponse, error) {
	facts := s.node.Facts()
	resp := &consensusv1.GetFairnessResponse{
		ChainId: facts.ChainID, GenesisHash: facts.GenesisHash, Scheme: beacon.Scheme, GroupKey: facts.GroupKey,
		Threshold: int32(facts.Threshold), Dealing: dealing, DealingNote: dealingNote(facts), Validators: validatorsToProto(s.node.Genesis()),
	}
	return resp, nil
}

func validatorsToProto(validators []chain.Validator) []*consensusv1.Validator {
	out := make([]*consensusv1.Validator, len(validators))
	for i, v := range validators {
		out[i] = &consensusv1.Validator{Name: v.Name, Address: v.Address, PublicKey: v.PublicKey, Power: v.Power, ShareIndex: int32(v.ShareIndex)}
	}
	return out
}

// GetStatus implements the contract.
func (s *server) GetStatus(context.Context, *consensusv1.GetStatusRequest) (*consensusv1.GetStatusResponse, error) {
	status, err := s.node.Status()
	if err != nil {
		return nil, err
	}
	facts := s.node.Facts()
	n := len(facts.Validators)
	resp := &consensusv1.GetStatusResponse{
		ChainId: facts.ChainID, Name: status.Name, Address: status.Address,
		Height: status.Height, AppHash: status.AppHash, CatchingUp: status.CatchingUp,
		N: int32(n), F: int32(order.Faults(n)), Quorum: int32(order.Quorum(n)), Connected: int32(len(status.Connected)),
		BeaconHeight: status.BeaconHeight, Dealing: dealing, DealingNote: dealingNote(facts),
		Epoch: int64(status.Epoch), Ceremony: status.Ceremony, Pending: status.Pending, ProtocolVersion: int32(status.Version),
		Validators: validatorsToProto(facts.Validators),
	}
	for _, lag := range status.Behind {
		resp.Behind = append(resp.Behind, &consensusv1.Lag{Name: lag.Name, Height: lag.Height})
	}
	if !status.BlockTime.IsZero() {
		resp.BlockTime = timestamppb.New(status.BlockTime)
	}
	for _, v := range facts.Validators {
		if !slices.Contains(status.Connected, v.Name) {
			resp.Missing = append(resp.Missing, v.Name)
		}
	}
	return resp, nil
}

// dealing is how the beacon key of every chain is generated.
const dealing = consensusv1.Dealing_DEALING_DISTRIBUTED

// dealingNote describes the dealing for people.
func dealingNote(facts chain.Facts) string {
	if facts.GroupKey == "" {
		return "the validators are generating the beacon's key; no round is decided before they have it"
	}
	return fmt.Sprintf("the validators made the beacon's key together, each with a share: fewer than %d of them can neither foresee a roll nor learn the secret", facts.Threshold)
}
