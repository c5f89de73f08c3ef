package chain

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/subtle"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/evidence"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg/dkgtest"
)

// BenchmarkDetect is the cost of detecting a validator's misbehavior.
func BenchmarkDetect(b *testing.B) {
	b.Run("bad share", func(b *testing.B) {
		public, shares := dkgtest.Make(b, 3, 4)
		foreign, err := shares[2].Sign(7)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if public.VerifyShare(1, 7, foreign) == nil {
				b.Fatal("another validator's share verifies")
			}
		}
	})
	b.Run("double vote", func(b *testing.B) {
		double, validators := doubleVote(b)
		for b.Loop() {
			if err := evidence.VerifyDuplicateVote(double, "bitcraps-test", validators); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// doubleVote is the proof that a validator precommitted two blocks in one round.
func doubleVote(b *testing.B) (*types.DuplicateVoteEvidence, *types.ValidatorSet) {
	key := ed25519.GenPrivKey()
	validators := types.NewValidatorSet([]*types.Validator{types.NewValidator(key.PubKey(), 1)})
	vote := func(block byte) *types.Vote {
		v := &types.Vote{Type: cmtproto.PrecommitType, Height: 7, Timestamp: time.Unix(1, 0).UTC(), ValidatorAddress: key.PubKey().Address(),
			BlockID: types.BlockID{Hash: make([]byte, 32), PartSetHeader: types.PartSetHeader{Total: 1, Hash: make([]byte, 32)}}}
		v.BlockID.Hash[0] = block
		var err error
		if v.Signature, err = key.Sign(types.VoteSignBytes("bitcraps-test", v.ToProto())); err != nil {
			b.Fatal(err)
		}
		return v
	}
	double, err := types.NewDuplicateVoteEvidence(vote(1), vote(2), time.Unix(1, 0), validators)
	if err != nil {
		b.Fatal(err)
	}
	return double, validators
}

// BenchmarkVoteKey is the cost of signing and verifying a vote.
func BenchmarkVoteKey(b *testing.B) {
	key, message := ed25519.GenPrivKey(), make([]byte, 120)
	signature, err := key.Sign(message)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("sign", func(b *testing.B) {
		for b.Loop() {
			if _, err := key.Sign(message); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if !key.PubKey().VerifySignature(message, signature) {
				b.Fatal("a good signature does not verify")
			}
		}
	})
}

// BenchmarkKeyExchange is the cost of the key exchange of two connecting validators.
func BenchmarkKeyExchange(b *testing.B) {
	peer, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		own, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := own.ECDH(peer.PublicKey()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSecretMemory is the cost of protecting a secret of 32 bytes in memory: with the standard library, since locking and
// wiping one page is all that a library could do for scalars that arithmetic copies anyway.
func BenchmarkSecretMemory(b *testing.B) {
	secret, other := make([]byte, 32), make([]byte, 32)
	b.Run("wipe", func(b *testing.B) {
		for b.Loop() {
			clear(secret)
			runtime.KeepAlive(secret)
		}
	})
	b.Run("compare", func(b *testing.B) {
		for b.Loop() {
			if subtle.ConstantTimeCompare(secret, other) != 1 {
				b.Fatal("equal secrets differ")
			}
		}
	})
	b.Run("lock page", func(b *testing.B) {
		for b.Loop() {
			page, err := syscall.Mmap(-1, 0, syscall.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			if err != nil {
				b.Fatal(err)
			}
			if err := syscall.Mlock(page); err != nil {
				b.Skip("locked memory is limited here: ", err)
			}
			copy(page, secret)
			clear(page)
			if err := syscall.Munmap(page); err != nil {
				b.Fatal(err)
			}
		}
	})
}
