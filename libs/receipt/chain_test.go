package receipt_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// madeChain is the id of the chains of headers that tests sign themselves. Their keys are derived from numbers, so that a chain is the same
// in every run.
const madeChain = "bitcraps-made"

// keyOf returns the key of the i-th possible validator.
func keyOf(i int) ed25519.PrivateKey {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("validator"), uint64(i)))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(i int) string { return hex.EncodeToString(keyOf(i).Public().(ed25519.PublicKey)) }

// setOf returns validators of equal power in a set's order, which is that of their addresses.
func setOf(members ...int) []*receiptv1.Validator {
	address := func(i int) []byte {
		sum := sha256.Sum256(keyOf(i).Public().(ed25519.PublicKey))
		return sum[:20]
	}
	members = slices.SortedFunc(slices.Values(members), func(a, b int) int { return bytes.Compare(address(a), address(b)) })
	var set []*receiptv1.Validator
	for _, i := range members {
		set = append(set, &receiptv1.Validator{PublicKey: public(i), Power: 1})
	}
	return set
}

func hashOf(t testing.TB, set []*receiptv1.Validator) string {
	t.Helper()
	hash, err := receipt.ValidatorsHash(set)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash[:])
}

// header returns the header of a block of a set, which announces the next set.
func header(t testing.TB, height int64, set, next []*receiptv1.Validator) *receiptv1.Header {
	t.Helper()
	digest := strings.Repeat("ab", 32)
	h := &receiptv1.Header{BlockVersion: 11, AppVersion: 1, Height: height, Time: timestamppb.New(time.Unix(1_800_000_000+height, 0)),
		LastBlockHash: digest, LastPartsTotal: 1, LastPartsHash: digest, LastCommitHash: digest, DataHash: digest,
		ValidatorsHash: hashOf(t, set), NextValidatorsHash: hashOf(t, next), ConsensusHash: digest, AppHash: digest,
		LastResultsHash: digest, EvidenceHash: digest, ProposerAddress: digest[:40]}
	if height == 1 {
		h.LastBlockHash, h.LastPartsTotal, h.LastPartsHash = "", 0, ""
	}
	return h
}

// sign has the members of the set sign the header that are among the signers; all of them if no signers are given.
func sign(t testing.TB, chainID string, h *receiptv1.Header, set []*receiptv1.Validator, signers ...int) *receiptv1.Commit {
	t.Helper()
	commit := &receiptv1.Commit{PartsTotal: 1, PartsHash: strings.Repeat("cd", 32)}
	keys := map[string]ed25519.PrivateKey{}
	for i := range 32 {
		keys[public(i)] = keyOf(i)
	}
	for i, v := range set {
		if len(signers) > 0 && !slices.ContainsFunc(signers, func(s int) bool { return public(s) == v.GetPublicKey() }) {
			continue
		}
		at := timestamppb.New(h.GetTime().AsTime().Add(time.Duration(i) * time.Millisecond))
		vote, err := receipt.VoteSignBytes(chainID, h, commit, at)
		if err != nil {
			t.Fatal(err)
		}
		commit.Signatures = append(commit.Signatures, &receiptv1.CommitSignature{Validator: int32(i), Time: at,
			Signature: hex.EncodeToString(ed25519.Sign(keys[v.GetPublicKey()], vote))})
	}
	return commit
}

// lightBlock returns a signed block of a set, which announces the next set.
func lightBlock(t testing.TB, height int64, set, next []*receiptv1.Validator, signers ...int) *receiptv1.LightBlock {
	t.Helper()
	h := header(t, height, set, next)
	return &receiptv1.LightBlock{Header: h, Commit: sign(t, madeChain, h, set, signers...), Validators: set}
}

// resigned returns the block of a real receipt, changed to another chain and set and signed again.
func resigned(t testing.TB, chainID string, block *receiptv1.BlockProof, height int64, set []*receiptv1.Validator) *receiptv1.BlockProof {
	t.Helper()
	block = proto.CloneOf(block)
	block.Header.Height, block.Header.ValidatorsHash, block.Header.NextValidatorsHash = height, hashOf(t, set), hashOf(t, set)
	block.Header.Time = timestamppb.New(time.Unix(1_800_000_000+height, 0))
	block.Commit, block.Validators = sign(t, chainID, block.Header, set), set
	return block
}
