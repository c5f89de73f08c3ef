package consensus

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/errs"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// GetBeacon implements the contract.
func (s *roundsServer) GetBeacon(ctx context.Context, req *consensusv1.GetBeaconRequest) (*consensusv1.GetBeaconResponse, error) {
	height := req.GetHeight()
	watch := s.node.WatchAll()
	defer watch.Close()
	var signature []byte
	_, err := s.awaitKnown(ctx, watch, func() (done bool, err error) {
		collected := s.node.Collected() // Before looking, or a beacon could come between.
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
func (s *roundsServer) GetFairness(context.Context, *consensusv1.GetFairnessRequest) (*consensusv1.GetFairnessResponse, error) {
	facts := s.node.Facts()
	kind, note := dealing(facts)
	resp := &consensusv1.GetFairnessResponse{
		ChainId: facts.ChainID, GenesisHash: facts.GenesisHash, Scheme: beacon.Scheme, GroupKey: facts.GroupKey,
		Threshold: int32(facts.Threshold), Dealing: kind, DealingNote: note,
	}
	for _, v := range facts.Validators {
		resp.Validators = append(resp.Validators, &consensusv1.Validator{
			Name: v.Name, Address: v.Address, PublicKey: v.PublicKey, Power: v.Power, ShareIndex: int32(v.ShareIndex)})
	}
	return resp, nil
}

// GetStatus implements the contract.
func (s *roundsServer) GetStatus(context.Context, *consensusv1.GetStatusRequest) (*consensusv1.GetStatusResponse, error) {
	status, err := s.node.Status()
	if err != nil {
		return nil, err
	}
	facts := s.node.Facts()
	n := len(status.Members)
	kind, note := dealing(facts)
	resp := &consensusv1.GetStatusResponse{
		ChainId: facts.ChainID, Name: status.Name, Address: status.Address,
		Height: status.Height, AppHash: status.AppHash, CatchingUp: status.CatchingUp,
		N: int32(n), F: int32(chain.Faults(n)), Quorum: int32(chain.Quorum(n)), Connected: int32(len(status.Connected)),
		BeaconHeight: status.BeaconHeight, Dealing: kind, DealingNote: note,
	}
	if !status.BlockTime.IsZero() {
		resp.BlockTime = timestamppb.New(status.BlockTime)
	}
	for _, name := range status.Members {
		if !slices.Contains(status.Connected, name) {
			resp.Missing = append(resp.Missing, name)
		}
	}
	return resp, nil
}

func dealing(facts chain.Facts) (consensusv1.Dealing, string) {
	if facts.Dealing == chain.TrustedDealer {
		return consensusv1.Dealing_DEALING_TRUSTED_DEALER, chain.DealerNote
	}
	return consensusv1.Dealing_DEALING_UNSPECIFIED, ""
}
