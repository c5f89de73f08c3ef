package receipt_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// FuzzBlockProof lets strangers write proofs. None may crash a check, and none may hold but those that real chains gave,
// with or without the signature of four that the others can do without.
func FuzzBlockProof(f *testing.F) {
	real := make(map[string]golden)
	for _, name := range goldens {
		g := load(f, name)
		seed, err := proto.Marshal(g.block)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
		real[g.block.GetHeader().GetDataHash()] = g
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p receiptv1.BlockProof
		if proto.Unmarshal(b, &p) != nil {
			return
		}
		for _, g := range real {
			g.block = &p
			_ = g.check()
		}
		g, ok := real[p.GetHeader().GetDataHash()]
		if !ok {
			return
		}
		want, err := receipt.BlockHash(g.chainID, g.block.GetHeader())
		if err != nil {
			t.Fatal(err)
		}
		g.block = &p
		if got, err := receipt.BlockHash(g.chainID, p.GetHeader()); g.check() == nil && (err != nil || got != want) {
			t.Errorf("a proof of another block holds: %x", b)
		}
	})
}
