package consensus

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// NewHome makes the home of a validator that will join the chain of a genesis file. The operator adds the validator with the home's
// validator.json.
func NewHome(home, name string, genesis []byte) error {
	_, err := chain.NewHome(home, name, genesis)
	return err
}

// SignAddition signs the addition of the validator that a validator.json describes.
func SignAddition(operatorKey string, card []byte, terms *consensusv1.GetChangeTermsResponse) (*consensusv1.AddValidatorRequest, error) {
	var m order.Member
	if err := json.Unmarshal(card, &m); err != nil {
		return nil, fmt.Errorf("not a validator.json: %w", err)
	}
	signature, err := signChange(operatorKey, order.Change{Add: &m}, terms)
	if err != nil {
		return nil, err
	}
	return &consensusv1.AddValidatorRequest{Name: m.Name, PublicKey: hex.EncodeToString(m.PublicKey[:]),
		BeaconKey: hex.EncodeToString(m.BeaconKey[:]), NodeId: hex.EncodeToString(m.NodeID[:]), Sequence: terms.GetSequence(), Signature: signature}, nil
}

// SignRemoval signs the removal of the validator with an address.
func SignRemoval(operatorKey, address string, terms *consensusv1.GetChangeTermsResponse) (*consensusv1.RemoveValidatorRequest, error) {
	b, err := hex.DecodeString(address)
	if err != nil || len(b) != len(protocol.Address{}) {
		return nil, fmt.Errorf("%q is not an address: want %d bytes in hex", address, len(protocol.Address{}))
	}
	removed := protocol.Address(b)
	signature, err := signChange(operatorKey, order.Change{Remove: &removed}, terms)
	if err != nil {
		return nil, err
	}
	return &consensusv1.RemoveValidatorRequest{Address: address, Sequence: terms.GetSequence(), Signature: signature}, nil
}

// SignRefresh signs a resharing of the beacon's secret among the same validators.
func SignRefresh(operatorKey string, terms *consensusv1.GetChangeTermsResponse) (*consensusv1.RefreshSharesRequest, error) {
	signature, err := signChange(operatorKey, order.Change{}, terms)
	return &consensusv1.RefreshSharesRequest{Sequence: terms.GetSequence(), Signature: signature}, err
}

// signChange signs a change with the key in a file.
func signChange(operatorKey string, c order.Change, terms *consensusv1.GetChangeTermsResponse) (signature string, err error) {
	key, err := chain.LoadOperatorKey(operatorKey)
	if err != nil {
		return "", err
	}
	hash, err := hex.DecodeString(terms.GetChain())
	if err != nil || len(hash) != len(protocol.Hash{}) {
		return "", fmt.Errorf("the validator's terms name no chain: %q", terms.GetChain())
	}
	return hex.EncodeToString(ed25519.Sign(key, c.SignBytes(protocol.Hash(hash), uint64(terms.GetSequence())))), nil
}
