package chain

import (
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"
)

// FuzzSignatureCache passes messages that any peer may send, and looks up everything that could be in them.
func FuzzSignatureCache(f *testing.F) {
	key := ed25519.GenPrivKeyFromSecret([]byte("witness"))
	hash := make([]byte, 32)
	vote := &cmtproto.Vote{Type: cmtproto.PrecommitType, Height: 5, ValidatorAddress: key.PubKey().Address(), Timestamp: time.Unix(1, 0),
		BlockID: cmtproto.BlockID{Hash: hash, PartSetHeader: cmtproto.PartSetHeader{Total: 1, Hash: hash}}, Extension: []byte("extension")}
	vote.Signature, _ = key.Sign(types.VoteSignBytes("chain", vote))
	vote.ExtensionSignature, _ = key.Sign(types.VoteExtensionSignBytes("chain", vote))
	proposal := &cmtproto.Proposal{Type: cmtproto.ProposalType, Height: 5, PolRound: -1, BlockID: vote.BlockID, Timestamp: time.Unix(1, 0)}
	proposal.Signature, _ = key.Sign(types.ProposalSignBytes("chain", proposal))
	for _, m := range []*cmtcons.Message{{Sum: &cmtcons.Message_Vote{Vote: &cmtcons.Vote{Vote: vote}}}, {Sum: &cmtcons.Message_Proposal{Proposal: &cmtcons.Proposal{Proposal: *proposal}}}} {
		b, err := m.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	signer := types.NewMockPVWithParams(key, false, false)
	f.Fuzz(func(t *testing.T, b []byte) {
		var m cmtcons.Message
		if m.Unmarshal(b) != nil {
			return
		}
		message, err := m.Unwrap()
		if err != nil {
			return
		}
		foreign := false
		g, err := newSignGuard(signer, "chain", 0, func(error) { foreign = true })
		if err != nil {
			t.Fatal(err)
		}
		g.signedBefore = voteStep{}
		w := &signatureCache{chainID: "chain", onVote: g.checkVote}
		w.observe(message)
		if sent, ok := message.(*cmtcons.Vote); ok && sent.Vote != nil {
			signBytes, signature := w.extension(key.PubKey(), sent.Vote.Height, sent.Vote.Extension)
			if signature != nil && !key.PubKey().VerifySignature(signBytes, signature) {
				t.Fatal("an unsigned message is returned as a proof")
			}
			if foreign && !key.PubKey().VerifySignature(types.VoteSignBytes("chain", sent.Vote), sent.Vote.Signature) {
				t.Fatal("a vote without the key's signature halts a validator")
			}
		}
		if sent, ok := message.(*cmtcons.Proposal); ok {
			signBytes, signature := w.proposal(key.PubKey(), sent.Proposal.Height, sent.Proposal.BlockID.Hash)
			if signature != nil && !key.PubKey().VerifySignature(signBytes, signature) {
				t.Fatal("an unsigned message is returned as a proof")
			}
		}
	})
}

// TestOldVotesOfARemoteSignerAreNotForeign has a validator without data receive what its remote signer signed before, which any peer may send.
func TestOldVotesOfARemoteSignerAreNotForeign(t *testing.T) {
	key := ed25519.GenPrivKeyFromSecret([]byte("remote"))
	var halted error
	g, err := newSignGuard(types.NewMockPVWithParams(key, false, false), "chain", 0, func(err error) { halted = err })
	if err != nil {
		t.Fatal(err)
	}
	receive := func(height int64) {
		vote := &types.Vote{Type: cmtproto.PrecommitType, Height: height, ValidatorAddress: key.PubKey().Address()}
		vote.Signature, _ = key.Sign(types.VoteSignBytes("chain", vote.ToProto()))
		g.checkVote(vote)
	}
	receive(5) // During block sync.
	if err := g.SignVote("chain", &cmtproto.Vote{Type: cmtproto.PrevoteType, Height: 9}); err != nil {
		t.Fatal(err)
	}
	receive(5)
	receive(9)
	if halted != nil {
		t.Fatalf("its own old votes halt it: %v", halted)
	}
	if receive(10); halted == nil {
		t.Error("a vote of a copy at the next height is not detected")
	}
}

func TestTheSignedMessagesOfOthersAreFound(t *testing.T) {
	key, other := ed25519.GenPrivKeyFromSecret([]byte("one")), ed25519.GenPrivKeyFromSecret([]byte("other"))
	w := &signatureCache{chainID: "chain", onVote: func(*types.Vote) {}}
	send := func(by ed25519.PrivKey, claims ed25519.PrivKey, extension string) {
		hash := make([]byte, 32)
		vote := &cmtproto.Vote{Type: cmtproto.PrecommitType, Height: 5, ValidatorAddress: claims.PubKey().Address(), Timestamp: time.Unix(1, 0), Extension: []byte(extension),
			BlockID: cmtproto.BlockID{Hash: hash, PartSetHeader: cmtproto.PartSetHeader{Total: 1, Hash: hash}}}
		vote.Signature, _ = by.Sign(types.VoteSignBytes("chain", vote))
		vote.ExtensionSignature, _ = by.Sign(types.VoteExtensionSignBytes("chain", vote))
		w.observe(&cmtcons.Vote{Vote: vote})
	}
	send(key, key, "bad")
	send(other, key, "framed")
	for extension, want := range map[string]bool{"bad": true, "framed": false, "never sent": false} {
		if _, signature := w.extension(key.PubKey(), 5, []byte(extension)); (signature != nil) != want {
			t.Errorf("%q is found: %v", extension, signature != nil)
		}
	}
	for range ringSize {
		send(other, other, "flood")
	}
	if _, signature := w.extension(key.PubKey(), 5, []byte("bad")); signature != nil {
		t.Error("the cache remembers more than its ring holds")
	}
}
