package chain

import (
	"slices"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// member is a validator of the set.
type member struct {
	name    string
	address order.Address
	key     []byte
}

func genesisMembers(genesis *types.GenesisDoc) []member {
	members := make([]member, len(genesis.Validators))
	for i, v := range genesis.Validators {
		members[i] = member{name: v.Name, address: order.Address(v.Address), key: v.PubKey.Bytes()}
	}
	return members
}

// members are the validators that were not removed.
func (a *app) members() []member {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.DeleteFunc(slices.Clone(a.genesis), func(m member) bool {
		return slices.ContainsFunc(a.convicted, func(c order.Conviction) bool { return c.Validator == m.address && c.Removed > 0 })
	})
}

// convict has the state machine decide on a block's evidence, and records what the block says of the validators.
func (a *app) convict(req *abci.RequestFinalizeBlock) (changed []order.Conviction, updates []abci.ValidatorUpdate) {
	a.docket.decided(req.Height, req.Time, req.DecidedLastCommit.Votes)
	var accused []order.Offence
	for _, m := range req.Misbehavior {
		if len(m.Validator.Address) == len(order.Address{}) {
			accused = append(accused, order.Offence{Validator: order.Address(m.Validator.Address), Height: m.Height})
		}
	}
	if len(accused) > 0 {
		if block := a.block(req.Height); block != nil {
			a.docket.equivocations(block)
		}
	}
	members := a.members()
	addresses := make([]order.Address, len(members))
	for i, m := range members {
		addresses[i] = m.address
	}
	changed, removed := order.Convict(a.convicted, addresses, a.public.Threshold(), req.Height, accused)
	for _, m := range members {
		if slices.Contains(removed, m.address) {
			a.logger.Error("a validator is removed: it signed twice", "name", m.name, "height", req.Height)
			updates = append(updates, abci.UpdateValidator(m.key, 0, ed25519.KeyType))
		}
	}
	return changed, updates
}

// withConvictions are the known convictions with the changed ones in their places.
func withConvictions(known, changed []order.Conviction) []order.Conviction {
	known = slices.DeleteFunc(slices.Clone(known), func(k order.Conviction) bool {
		return slices.ContainsFunc(changed, func(c order.Conviction) bool { return c.Validator == k.Validator })
	})
	return append(known, changed...)
}
