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

// Diverge has the validator go on from another state than the one that it computed.
func (n *Node) Diverge() {
	n.app.mu.Lock()
	defer n.app.mu.Unlock()
	n.app.last.AppHash[0] ^= 1
}

// SpoilTip has the stored state say what the chain does not.
func (n *Node) SpoilTip() {
	t := n.app.tip()
	t.AppHash[0] ^= 1
	if err := n.store.commit(t, nil, nil); err != nil {
		panic(err)
	}
}
