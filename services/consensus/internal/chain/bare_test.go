package chain_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// noop is an application that does nothing: it accepts every transaction, keeps no state, and reports what CometBFT finalized.
// Its hash changes with each block that has transactions, as ours does, so that CometBFT makes a second block after it.
type noop struct {
	abci.BaseApplication
	mu     sync.Mutex
	hash   []byte
	height int64
	done   map[string]int64 // By transaction, the block that contains it.
	moved  chan struct{}
}

func (a *noop) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	return &abci.ResponseInfo{}, nil
}

func (a *noop) InitChain(context.Context, *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	return &abci.ResponseInitChain{AppHash: a.hash}, nil
}

func (a *noop) FinalizeBlock(_ context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.height = req.Height
	for _, tx := range req.Txs {
		a.hash = binary.BigEndian.AppendUint64(nil, uint64(req.Height))
		a.done[string(tx)] = req.Height
	}
	results := make([]*abci.ExecTxResult, len(req.Txs))
	for i := range results {
		results[i] = &abci.ExecTxResult{}
	}
	return &abci.ResponseFinalizeBlock{AppHash: a.hash, TxResults: results}, nil
}

func (a *noop) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	select {
	case a.moved <- struct{}{}:
	default:
	}
	return &abci.ResponseCommit{}, nil
}

// settled is true from the block after that of the transaction on, which is where our dice are thrown.
func (a *noop) settled(tx []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	height, ok := a.done[string(tx)]
	return ok && a.height > height
}

// bareNetwork is CometBFT with the same settings, without our application and without vote extensions. The function
// runs a round: two blocks.
func bareNetwork(b *testing.B, n int) (*network, func()) {
	net := benchNetwork(b, n)
	apps := make([]*noop, n)
	for i := range n {
		withoutExtensions(b, net.home(i))
		apps[i] = &noop{done: map[string]int64{}, moved: make(chan struct{}, 1)}
		net.run(i, func(cfg chain.Config) (*chain.Node, error) { return chain.OpenBare(cfg, discard, apps[i]) })
	}
	net.connect()
	round := uint64(0)
	return net, func() {
		round++
		i, tx := int(round)%n, commitment(1, round).Encode()
		if err := net.nodes[i].Broadcast(tx); err != nil {
			b.Fatal(err)
		}
		for !apps[i].settled(tx) {
			<-apps[i].moved
		}
	}
}

func withoutExtensions(b *testing.B, home string) {
	path := filepath.Join(home, "genesis.json")
	text, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	with, without := []byte(`"vote_extensions_enable_height": "1"`), []byte(`"vote_extensions_enable_height": "0"`)
	if !bytes.Contains(text, with) {
		b.Fatal("the genesis file has no vote_extensions_enable_height to replace")
	}
	if err := os.WriteFile(path, bytes.Replace(text, with, without, 1), 0o600); err != nil {
		b.Fatal(err)
	}
}
