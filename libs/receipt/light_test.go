package receipt_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

func atGenesis(t testing.TB, set []*receiptv1.Validator) receipt.LightClient {
	t.Helper()
	light, err := receipt.NewLightClient(madeChain, set)
	if err != nil {
		t.Fatal(err)
	}
	return light
}

// TestLightClientFollowsTheChain follows blocks, of which only the last may fail, with the expected error.
func TestLightClientFollowsTheChain(t *testing.T) {
	genesis, one, two, other := setOf(0, 1, 2, 3), setOf(1, 2, 3, 4), setOf(2, 3, 4, 5), setOf(6, 7, 8, 9)
	strong, weak := &receiptv1.Validator{PublicKey: genesis[3].GetPublicKey(), Power: 2}, genesis[0]
	big := setOf(0, 1, 2, 3, 4, 5, 6, 7, 8) // 6, 7 and 8 are a third of it.
	block := func(height int64, set, next []*receiptv1.Validator, signers ...int) *receiptv1.LightBlock {
		return lightBlock(t, height, set, next, signers...)
	}
	early := block(9, one, one)
	early.Header.Time = timestamppb.New(time.Unix(1_800_000_005, 0))
	early.Commit = sign(t, madeChain, early.Header, one)
	foreign := block(5, genesis, genesis)
	foreign.Commit = sign(t, "another chain", foreign.Header, genesis)
	unnamed := block(5, genesis, genesis)
	unnamed.Validators = one
	twice := slices.Concat(setOf(2), setOf(2))
	for name, tc := range map[string]struct {
		from   []*receiptv1.Validator
		blocks []*receiptv1.LightBlock
		err    string
	}{
		"the first block":                  {genesis, []*receiptv1.LightBlock{block(1, genesis, genesis)}, ""},
		"the second block":                 {genesis, []*receiptv1.LightBlock{block(2, genesis, genesis)}, ""},
		"genesis in another order":         {[]*receiptv1.Validator{genesis[3], genesis[0], genesis[2], genesis[1]}, []*receiptv1.LightBlock{block(1, genesis, genesis)}, ""},
		"powers in another order":          {[]*receiptv1.Validator{weak, strong}, []*receiptv1.LightBlock{block(1, []*receiptv1.Validator{strong, weak}, one)}, ""},
		"the first block of others":        {genesis, []*receiptv1.LightBlock{block(1, one, one)}, "which genesis announced"},
		"far away":                         {genesis, []*receiptv1.LightBlock{block(1<<30, genesis, genesis)}, ""},
		"one changed, which needs no hop":  {genesis, []*receiptv1.LightBlock{block(7, one, one)}, ""},
		"two changed, and all signed":      {genesis, []*receiptv1.LightBlock{block(7, two, two)}, ""},
		"two changed, and one old signed":  {genesis, []*receiptv1.LightBlock{block(7, two, two, 2, 4, 5)}, "with 1 of 4 votes"},
		"two changed, one after the other": {genesis, []*receiptv1.LightBlock{block(5, one, two), block(7, two, two, 2, 4, 5)}, ""},
		"everybody, announced":             {genesis, []*receiptv1.LightBlock{block(5, genesis, other), block(6, other, other), block(9, other, one)}, ""},
		"everybody, not announced":         {genesis, []*receiptv1.LightBlock{block(5, genesis, one), block(6, other, other)}, "which block 5 announced"},
		"everybody, announced and skipped": {genesis, []*receiptv1.LightBlock{block(5, genesis, other), block(7, other, other)}, "with 0 of 4 votes"},
		"a third, no more":                 {big, []*receiptv1.LightBlock{block(7, setOf(6, 7, 8, 9), other)}, "with 3 of 9 votes"},
		"more than a third":                {big, []*receiptv1.LightBlock{block(7, setOf(5, 6, 7, 8), other)}, ""},
		"two thirds of its own, no more":   {genesis, []*receiptv1.LightBlock{block(7, setOf(0, 1, 4), one, 0, 1)}, "2 of 3 votes signed; more than two thirds"},
		"the same height":                  {genesis, []*receiptv1.LightBlock{block(5, genesis, genesis), block(5, genesis, genesis)}, "it must be above 5"},
		"a lower height":                   {genesis, []*receiptv1.LightBlock{block(5, genesis, genesis), block(4, genesis, genesis)}, "it must be above 5"},
		"time that runs back":              {genesis, []*receiptv1.LightBlock{block(5, genesis, one), early}, "header.time"},
		"another chain":                    {genesis, []*receiptv1.LightBlock{foreign}, "commit.signatures[0]: is not validator 0's"},
		"another set than the header's":    {genesis, []*receiptv1.LightBlock{unnamed}, "validators: are not the set"},
		"a set with one twice":             {genesis, []*receiptv1.LightBlock{{Header: unnamed.Header, Validators: twice}}, "validators[1].public_key"},
		"nothing":                          {genesis, []*receiptv1.LightBlock{nil}, "validators: 0"},
	} {
		light, err := receipt.NewLightClient(madeChain, tc.from)
		for _, b := range tc.blocks {
			if err == nil {
				light, err = light.Follow(b)
			}
		}
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: %v, want %q", name, err, tc.err)
		}
		if last := tc.blocks[len(tc.blocks)-1]; err == nil && light.Height() != last.GetHeader().GetHeight() {
			t.Errorf("%s: at %d", name, light.Height())
		}
	}
	if _, err := receipt.NewLightClient(madeChain, nil); err == nil {
		t.Error("nobody is trusted at genesis")
	}
}

// TestEveryFieldOfAHopIsBound makes each small change to a block that a light client skips to.
func TestEveryFieldOfAHopIsBound(t *testing.T) {
	light, hop := atGenesis(t, setOf(0, 1, 2, 3)), lightBlock(t, 7, setOf(1, 2, 3, 4), setOf(2, 3, 4, 5), 1, 2, 4)
	original, count := proto.CloneOf(hop), 0
	changes(hop.ProtoReflect(), "hop", func(c change) {
		c.apply()
		defer c.undo()
		count++
		if _, err := light.Follow(hop); err == nil {
			t.Errorf("%s is accepted", c.name)
		}
	})
	if _, err := light.Follow(hop); err != nil || !proto.Equal(hop, original) {
		t.Errorf("a change was not undone: %v", err)
	}
	t.Logf("%d changes", count)
}

// FuzzLight fuzzes the block to follow to. None may crash the client, and none that no validator has signed may be accepted.
func FuzzLight(f *testing.F) {
	light, hop := atGenesis(f, setOf(0, 1, 2, 3)), lightBlock(f, 7, setOf(1, 2, 3, 4), setOf(2, 3, 4, 5))
	seed, err := proto.Marshal(hop)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	want, err := receipt.BlockHash(madeChain, hop.GetHeader())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var block receiptv1.LightBlock
		if proto.Unmarshal(b, &block) != nil {
			return
		}
		if _, err := light.Follow(&block); err != nil {
			return
		}
		if got, err := receipt.BlockHash(madeChain, block.GetHeader()); err != nil || got != want {
			t.Errorf("a block that nobody signed is followed: %x", b)
		}
	})
}

func BenchmarkFollow(b *testing.B) {
	light, hop := atGenesis(b, setOf(0, 1, 2, 3)), lightBlock(b, 7, setOf(1, 2, 3, 4), setOf(2, 3, 4, 5))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := light.Follow(hop); err != nil {
			b.Fatal(err)
		}
	}
}
