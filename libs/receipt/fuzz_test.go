package receipt_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// FuzzBlockProof fuzzes proofs. None may crash a check, and none of a block that was not signed may be valid.
func FuzzBlockProof(f *testing.F) {
	g := load(f, "four")
	seed, err := proto.Marshal(g.block)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	want, err := receipt.BlockHash(g.chainID, g.block.GetHeader())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p receiptv1.BlockProof
		if proto.Unmarshal(b, &p) != nil {
			return
		}
		stranger := golden{g.chainID, g.commitment, &p}
		if stranger.check() != nil {
			return
		}
		if got, err := receipt.BlockHash(g.chainID, p.GetHeader()); err != nil || got != want {
			t.Errorf("a proof of another block holds: %x", b)
		}
	})
}
