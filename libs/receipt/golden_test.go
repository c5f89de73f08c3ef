package receipt_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// golden is a proof from a real chain, which services/consensus/proof_test.go recorded.
type golden struct {
	chainID    string
	commitment protocol.Commitment
	block      *receiptv1.BlockProof
}

// goldens are of a chain of one validator, of one of four that all signed, and of the same with one stopped.
var goldens = []string{"one", "four", "three"}

func load(t testing.TB, name string) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Commitment string
		Proof      json.RawMessage
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	encoding, err := hex.DecodeString(document.Commitment)
	if err != nil {
		t.Fatal(err)
	}
	commitment, err := protocol.DecodeCommitment(encoding)
	if err != nil {
		t.Fatal(err)
	}
	var proof consensusv1.ProveRoundResponse
	if err := protojson.Unmarshal(document.Proof, &proof); err != nil {
		t.Fatal(err)
	}
	if again, err := canonical.JSON(&proof); err != nil || string(again) != string(document.Proof) {
		t.Fatalf("%s is not in the canonical form: %v", name, err)
	}
	return golden{proof.GetChainId(), commitment, proof.GetBlock()}
}

// with returns the golden with a changed copy of its proof.
func (g golden) with(change func(*receiptv1.BlockProof)) golden {
	g.block = proto.CloneOf(g.block)
	change(g.block)
	return g
}

func (g golden) check() error {
	return errors.Join(
		receipt.CheckValidators(g.block),
		receipt.CheckInclusion(g.block, g.commitment),
		receipt.CheckSignatures(g.chainID, g.block),
	)
}

func TestProofsOfRealChainsAreValid(t *testing.T) {
	for _, name := range goldens {
		g := load(t, name)
		if err := g.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if g.commitment.Round++; receipt.CheckInclusion(g.block, g.commitment) == nil {
			t.Errorf("%s: another commitment is proven", name)
		}
		if g.chainID += "2"; receipt.CheckSignatures(g.chainID, g.block) == nil {
			t.Errorf("%s: another chain's signatures are accepted", name)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	g := load(b, "four")
	b.ReportAllocs()
	for b.Loop() {
		if err := g.check(); err != nil {
			b.Fatal(err)
		}
	}
}
