package chain

import (
	"errors"

	"github.com/cometbft/cometbft/mempool"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Errors of Submit.
var (
	// ErrFull means that the mempool is full.
	ErrFull = errors.New("chain: the mempool is full")
	// ErrNoQuorum means that too few validators are connected to decide a block, or that this one is catching up.
	ErrNoQuorum = errors.New("chain: too few validators are connected")
	// ErrNotMember means that this node is not a validator, so that the validators ignore its transactions.
	ErrNotMember = errors.New("chain: this node is not one of the validators")
	// ErrNoKey means that the validators have not generated the beacon's key yet, so that no dice could be thrown.
	ErrNoKey = errors.New("chain: the beacon's key is not made yet")
)

// Submit sends a transaction to the validators. Submitting it again sends it to all peers again: one that was still catching up has
// discarded it, and might be the next proposer.
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

// broadcast sends a transaction to the connected validators, however few they are.
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

// removeFromMempool removes a transaction from the mempool. It holds the mempool's lock, as CometBFT's own removals do: two removals at the
// same time would panic.
func removeFromMempool(pool mempool.Mempool, tx types.Tx) error {
	pool.Lock()
	defer pool.Unlock()
	if err := pool.RemoveTxByKey(tx.Key()); err != nil && !errors.Is(err, mempool.ErrTxNotFound) {
		return err
	}
	return nil
}
