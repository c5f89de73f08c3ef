package chain

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

func drawBytes(t *rapid.T, label string, n int) []byte {
	return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, label)
}

func drawTime(t *rapid.T) time.Time {
	// The years 1 to 9999, with and without a fraction.
	return time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")).UTC()
}

func drawBlockID(t *rapid.T) types.BlockID {
	return types.BlockID{Hash: drawBytes(t, "block", 32),
		PartSetHeader: types.PartSetHeader{Total: rapid.Uint32Range(1, 1<<20).Draw(t, "parts"), Hash: drawBytes(t, "parts hash", 32)}}
}

func drawHeader(t *rapid.T) types.Header {
	h := types.Header{
		Version: cmtversion.Consensus{Block: rapid.Uint64Range(0, 1<<62).Draw(t, "block version"), App: rapid.Uint64Range(0, 1<<62).Draw(t, "app version")},
		ChainID: rapid.StringMatching(`[ -~]{1,50}`).Draw(t, "chain"), Height: rapid.Int64Range(1, 1<<62).Draw(t, "height"), Time: drawTime(t),
		LastCommitHash: drawBytes(t, "commit", 32), DataHash: drawBytes(t, "data", 32), ValidatorsHash: drawBytes(t, "validators", 32),
		NextValidatorsHash: drawBytes(t, "next", 32), ConsensusHash: drawBytes(t, "consensus", 32), AppHash: drawBytes(t, "app", 32),
		LastResultsHash: drawBytes(t, "results", 32), EvidenceHash: drawBytes(t, "evidence", 32), ProposerAddress: drawBytes(t, "proposer", 20),
	}
	if h.Height > 1 {
		h.LastBlockID = drawBlockID(t)
	}
	return h
}

// TestHashesAndVotesAreThoseOfCometBFT compares libs/receipt's encodings with those that validators sign.
func TestHashesAndVotesAreThoseOfCometBFT(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		hash, err := receipt.BlockHash(h.ChainID, headerToProto(h))
		if err != nil || !bytes.Equal(hash[:], h.Hash()) {
			t.Fatalf("header hash = %x, %v, want %x", hash, err, h.Hash())
		}
		id, at := drawBlockID(t), drawTime(t)
		id.Hash = hash[:]
		commit := &types.Commit{Height: h.Height, Round: rapid.Int32Range(0, 1<<30).Draw(t, "round"), BlockID: id,
			Signatures: []types.CommitSig{{BlockIDFlag: types.BlockIDFlagCommit, Timestamp: at}}}
		vote, err := receipt.VoteSignBytes(h.ChainID, headerToProto(h), commitToProto(h.ChainID, commit, drawSet(t)), timestamppb.New(at))
		if want := commit.VoteSignBytes(h.ChainID, 0); err != nil || !bytes.Equal(vote, want) {
			t.Fatalf("vote = %x, %v, want %x", vote, err, want)
		}
	})
}

func drawSet(t *rapid.T) *types.ValidatorSet {
	validators := make([]*types.Validator, rapid.IntRange(1, 12).Draw(t, "validators"))
	for i := range validators {
		key := ed25519.GenPrivKeyFromSecret(fmt.Appendf(nil, "validator %d", i))
		validators[i] = types.NewValidator(key.PubKey(), rapid.Int64Range(1, 1<<55).Draw(t, "power"))
	}
	return types.NewValidatorSet(validators)
}

func TestSetsHashAsThoseOfCometBFT(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t)
		hash, err := receipt.ValidatorsHash(validatorsToProto(set))
		if err != nil || !bytes.Equal(hash[:], set.Hash()) {
			t.Fatalf("hash = %x, %v, want %x", hash, err, set.Hash())
		}
	})
}

func TestEveryTransactionOfABlockIsProven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		txs := make(types.Txs, rapid.IntRange(1, 70).Draw(t, "count"))
		for i := range txs {
			txs[i] = protocol.Commitment{Round: uint64(i + 1)}.Encode()
		}
		hashes := make([][]byte, len(txs))
		for i, tx := range txs {
			hashes[i] = tx.Hash()
		}
		header := headerToProto(types.Header{DataHash: txs.Hash()})
		for i := range txs {
			proof := &receiptv1.BlockProof{Header: header, Inclusion: inclusion(hashes, i)}
			if err := receipt.CheckInclusion(proof, protocol.Commitment{Round: uint64(i + 1)}); err != nil {
				t.Fatalf("transaction %d of %d: %v", i, len(txs), err)
			}
			if err := receipt.CheckInclusion(proof, protocol.Commitment{Round: uint64(len(txs) + 1)}); err == nil {
				t.Fatal("another commitment is proven")
			}
		}
	})
}

// TestInvalidSignaturesAreOmitted has one validator sign something else, and one vote nil.
func TestInvalidSignaturesAreOmitted(t *testing.T) {
	var keys []ed25519.PrivKey
	var validators []*types.Validator
	for i := range 4 {
		keys = append(keys, ed25519.GenPrivKeyFromSecret([]byte{byte(i)}))
		validators = append(validators, types.NewValidator(keys[i].PubKey(), 1))
	}
	set := types.NewValidatorSet(validators)
	commit := &types.Commit{Height: 5, BlockID: types.BlockID{Hash: bytes.Repeat([]byte{1}, 32),
		PartSetHeader: types.PartSetHeader{Total: 1, Hash: bytes.Repeat([]byte{2}, 32)}}}
	for i, flag := range []types.BlockIDFlag{types.BlockIDFlagCommit, types.BlockIDFlagNil, types.BlockIDFlagCommit, types.BlockIDFlagAbsent} {
		commit.Signatures = append(commit.Signatures, types.CommitSig{BlockIDFlag: flag, ValidatorAddress: set.Validators[i].Address, Timestamp: time.Unix(1, 0)})
	}
	for i, v := range set.Validators {
		for _, key := range keys {
			if key.PubKey().Equals(v.PubKey) {
				commit.Signatures[i].Signature, _ = key.Sign(commit.VoteSignBytes("chain", int32(i)))
			}
		}
	}
	commit.Signatures[2].Signature = commit.Signatures[0].Signature
	if out := commitToProto("chain", commit, set); len(out.GetSignatures()) != 1 || out.GetSignatures()[0].GetValidator() != 0 {
		t.Errorf("commit = %v", out)
	}
}
