package chain

import (
	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// validatorUpdates returns the changes to CometBFT's validator set. They take effect two blocks later, when the sharing that the block
// ordered comes into force.
func validatorUpdates(before, after []order.Member) (updates []abci.ValidatorUpdate) {
	for _, m := range before {
		if order.IndexOf(after, m.Address()) < 0 {
			updates = append(updates, abci.Ed25519ValidatorUpdate(m.PublicKey[:], 0))
		}
	}
	for _, m := range after {
		if order.IndexOf(before, m.Address()) < 0 {
			updates = append(updates, abci.Ed25519ValidatorUpdate(m.PublicKey[:], votingPower))
		}
	}
	return updates
}

// offenders returns the validators of which a block contains evidence of misbehavior.
func offenders(all []abci.Misbehavior) (addresses []protocol.Address) {
	for _, m := range all {
		if len(m.Validator.Address) == len(protocol.Address{}) {
			addresses = append(addresses, protocol.Address(m.Validator.Address))
		}
	}
	return addresses
}
