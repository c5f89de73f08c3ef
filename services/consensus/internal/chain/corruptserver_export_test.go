package chain

import (
	"log/slog"

	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	bcproto "github.com/cometbft/cometbft/proto/tendermint/blocksync"
	"github.com/cometbft/cometbft/types"
)

// corruptBlockServer serves blocks with an invalid share of its own, which it signs.
type corruptBlockServer struct {
	blockSyncReactor
	node *Node
}

// OpenCorruptBlockServer opens a home like Open, for a validator that corrupts its own share in the blocks that it serves.
func OpenCorruptBlockServer(cfg Config, logger *slog.Logger) (*Node, error) {
	s := &corruptBlockServer{}
	n, err := open(cfg, logger, testHooks{options: []node.Option{func(comet *node.Node) {
		reactor, _ := comet.Switch().Reactor(blockSyncReactorName)
		s.blockSyncReactor = reactor.(blockSyncReactor)
		node.CustomReactors(map[string]p2p.Reactor{blockSyncReactorName: s})(comet)
	}}})
	s.node = n
	return n, err
}

// Receive implements p2p.Reactor.
func (s *corruptBlockServer) Receive(e p2p.Envelope) {
	request, ok := e.Message.(*bcproto.BlockRequest)
	if !ok {
		s.blockSyncReactor.Receive(e)
		return
	}
	n := s.node
	block, commit := n.blocks.LoadBlock(request.Height), n.blocks.LoadBlockExtendedCommit(request.Height)
	if block == nil || commit == nil {
		return
	}
	for i := range commit.ExtendedSignatures {
		if vote := &commit.ExtendedSignatures[i]; string(vote.ValidatorAddress) == string(n.app.address[:]) && len(vote.Extension) > 0 {
			n.corruptShare(commit, i)
		}
	}
	message, err := block.ToProto()
	if err != nil {
		panic(err)
	}
	e.Src.TrySend(p2p.Envelope{ChannelID: e.ChannelID, Message: &bcproto.BlockResponse{Block: message, ExtCommit: commit.ToProto()}})
}

// corruptShare replaces the validator's share by that of another height.
func (n *Node) corruptShare(commit *types.ExtendedCommit, i int) {
	vote, err := &commit.ExtendedSignatures[i], error(nil)
	if vote.Extension, err = n.app.sharingAt(commit.Height).share.Sign(commit.Height + 1); err != nil {
		panic(err)
	}
	signed := types.VoteExtensionSignBytes(n.home.genesis.ChainID, commit.GetExtendedVote(int32(i)).ToProto())
	if vote.ExtensionSignature, err = n.home.signer.(*privval.FilePV).Key.PrivKey.Sign(signed); err != nil {
		panic(err)
	}
}
