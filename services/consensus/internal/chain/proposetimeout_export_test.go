package chain

import (
	"encoding/hex"
	"slices"
)

// NextProposer is the first proposer of the next block; empty while CometBFT has yet to save the state after the last block, of which
// the application already tells its callers.
func (n *Node) NextProposer() string {
	last, err := n.states.Load()
	if err != nil {
		return err.Error()
	}
	if last.LastBlockHeight != n.app.tip().Height {
		return ""
	}
	address := hex.EncodeToString(last.Validators.GetProposer().Address)
	validators := n.Facts().Validators
	i := slices.IndexFunc(validators, func(v Validator) bool { return v.Address == address })
	return validators[i].Name
}
