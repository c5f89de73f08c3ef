package chain

import (
	"errors"

	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Errors of Submit.
var (
	// ErrFull means that too many commitments wait for a block.
	ErrFull = errors.New("chain: the mempool is full")
	// ErrNoQuorum means that too few validators are connected to decide anything, or that this one is catching up.
	ErrNoQuorum = errors.New("chain: too few validators answer")
	// ErrStranger means that this node is no validator, and that what it tells the validators counts for nothing.
	ErrNotMember = errors.New("chain: this node is not one of the validators")
	// ErrNoKey means that the validators have not made the beacon's key yet, so that nothing could throw dice.
	ErrNoKey = errors.New("chain: the beacon's key is not made yet")
)

// Submit hands a transaction to the validators. Handing one in again tells all peers again: one that was still catching
// up threw away what it was told, and might be the next to propose.
func (n *Node) Submit(tx []byte) error {
	switch {
	case n.NotMember() != nil:
		return ErrNotMember
	case n.comet.ConsensusReactor().WaitSync() || len(n.Connected()) < order.Quorum(len(n.app.votingMembers())):
		return ErrNoQuorum
	case len(n.app.Group().Sharings) == 0:
		return ErrNoKey
	}
	return n.broadcast(tx)
}

// tell hands a transaction to whichever validators there are.
func (n *Node) broadcast(tx []byte) error {
	n.mempoolMu.Lock()
	defer n.mempoolMu.Unlock()
	pool := n.comet.Mempool()
	if err := removeFromMempool(pool, tx); err != nil {
		return err
	}
	n.gossip.wake()
	err := pool.CheckTx(tx, nil, mempool.TxInfo{})
	var full mempool.ErrMempoolIsFull
	if errors.As(err, &full) || errors.Is(err, mempool.ErrRecheckFull) {
		return ErrFull
	}
	return err
}

// forget takes a transaction out of the pool. CometBFT's own removals hold the pool's lock too: two at a time would end the process.
func removeFromMempool(pool mempool.Mempool, tx types.Tx) error {
	pool.Lock()
	defer pool.Unlock()
	if err := pool.RemoveTxByKey(tx.Key()); err != nil && !errors.Is(err, mempool.ErrTxNotFound) {
		return err
	}
	return nil
}
