package chain

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/cometbft/cometbft/blocksync"
	"github.com/cometbft/cometbft/p2p/mock"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
)

// TestOnlyRequestedBlocksAreAccepted sends blocks to a validator that is not in block sync, which would disconnect the sender.
func TestOnlyRequestedBlocksAreAccepted(t *testing.T) {
	dir := t.TempDir()
	if err := InitNetwork(dir, "bitcraps-test", 1, time.Now()); err != nil {
		t.Fatal(err)
	}
	n, err := Open(Config{Home: filepath.Join(dir, ValidatorName(0)), Listen: "127.0.0.1:0", ProposeTimeout: time.Second}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Stop() }()
	reactor, _ := n.comet.Switch().Reactor(blockSyncReactorName)
	peer, blocks := mock.NewPeer(nil), reactor.(blockSyncReactor)
	const height = 7
	block := func(height int64) *bcproto.BlockResponse {
		return &bcproto.BlockResponse{Block: &cmtproto.Block{Header: cmtproto.Header{Height: height}}, ExtCommit: &cmtproto.ExtendedCommit{Height: height}}
	}
	message, err := (&bcproto.Message{Sum: &bcproto.Message_BlockResponse{BlockResponse: block(height)}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	passes := func() bool { return blocks.FilterMsgBytes(blocksync.BlocksyncChannel, peer, message) == nil }
	if passes() || n.precommits.accept(peer.ID(), block(height), now) {
		t.Error("an unrequested block is accepted")
	}
	if !n.precommits.markRequested(peer.ID(), height, now) || n.precommits.markRequested(peer.ID(), height, now.Add(rerequestAfter-1)) {
		t.Error("a request is not recorded, or allowed again at once")
	}
	if !passes() || n.precommits.accept(peer.ID(), block(height+1), now) || !n.precommits.accept(peer.ID(), block(height), now) {
		t.Error("a response is not accepted, or another block is")
	}
	if passes() || n.precommits.accept(peer.ID(), block(height), now) || n.precommits.markRequested(peer.ID(), height, now.Add(rerequestAfter-1)) {
		t.Error("a second response is accepted, or requested at once")
	}
	now = now.Add(rerequestAfter)
	if !n.precommits.markRequested(peer.ID(), height, now) || n.precommits.isPending(peer.ID(), now.Add(rerequestAfter)) {
		t.Error("a request is not allowed again, or stays pending without end")
	}
}
