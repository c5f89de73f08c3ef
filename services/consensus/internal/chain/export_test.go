package chain

import "errors"

// Prune forgets the blocks below a height, as a validator with little room would.
func (n *Node) Prune(below int64) error {
	s, err := n.states.Load()
	if err != nil {
		return err
	}
	_, kept, err := n.comet.BlockStore().PruneBlocks(below, s)
	return errors.Join(err, n.states.PruneStates(1, below, kept))
}
