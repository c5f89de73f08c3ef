package receipt_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// TestErrorsNameTheField has invalid proofs, and checks that the errors name the field.
func TestErrorsNameTheField(t *testing.T) {
	many := func(n int) []string { return slices.Repeat([]string{strings.Repeat("0", 64)}, n) }
	for field, change := range map[string]func(*receiptv1.BlockProof){
		"header":                         func(p *receiptv1.BlockProof) { p.Header = nil },
		"header.block_version":           func(p *receiptv1.BlockProof) { p.Header.BlockVersion = -1 },
		"header.height":                  func(p *receiptv1.BlockProof) { p.Header.Height = 0 },
		"header.time":                    func(p *receiptv1.BlockProof) { p.Header.Time.Nanos = 1_000_000_000 },
		"header.last_block_hash":         func(p *receiptv1.BlockProof) { p.Header.LastBlockHash = "" },
		"header.last_block_hash, ":       func(p *receiptv1.BlockProof) { p.Header.Height = 1 },
		"header.last_parts_total":        func(p *receiptv1.BlockProof) { p.Header.LastPartsTotal = 0 },
		"header.last_parts_hash":         func(p *receiptv1.BlockProof) { p.Header.LastPartsHash = "" },
		"header.app_hash":                func(p *receiptv1.BlockProof) { p.Header.AppHash = strings.ToUpper(p.Header.AppHash) },
		"header.data_hash":               func(p *receiptv1.BlockProof) { p.Header.DataHash += "00" },
		"header.proposer_address":        func(p *receiptv1.BlockProof) { p.Header.ProposerAddress = p.Header.AppHash },
		"header.validators_hash":         func(p *receiptv1.BlockProof) { p.Header.ValidatorsHash = "x" },
		"commit.parts_hash":              func(p *receiptv1.BlockProof) { p.Commit = nil },
		"commit.parts_total":             func(p *receiptv1.BlockProof) { p.Commit.PartsTotal = -1 },
		"commit.round":                   func(p *receiptv1.BlockProof) { p.Commit.Round = -1 },
		"commit.signatures: ":            func(p *receiptv1.BlockProof) { p.Commit.Signatures = nil },
		"commit.signatures[0].validator": func(p *receiptv1.BlockProof) { p.Commit.Signatures[0].Validator = -1 },
		"commit.signatures[2].validator": func(p *receiptv1.BlockProof) { p.Commit.Signatures[2].Validator = 4 },
		"commit.signatures[1].validator": func(p *receiptv1.BlockProof) { p.Commit.Signatures[1] = p.Commit.Signatures[0] },
		"commit.signatures[1].time":      func(p *receiptv1.BlockProof) { p.Commit.Signatures[1].Time = nil },
		"commit.signatures[0].time": func(p *receiptv1.BlockProof) {
			p.Commit.Signatures[0].Time = &timestamppb.Timestamp{Seconds: math.MaxInt64}
		},
		"commit.signatures[1].signature":     func(p *receiptv1.BlockProof) { p.Commit.Signatures[1].Signature = "" },
		"commit.signatures[2]: ":             func(p *receiptv1.BlockProof) { p.Commit.Signatures[2].Time.Nanos ^= 1 },
		"inclusion: is missing":              func(p *receiptv1.BlockProof) { p.Inclusion = nil },
		"inclusion.index":                    func(p *receiptv1.BlockProof) { p.Inclusion.Index = -1 },
		"inclusion.index: 8":                 func(p *receiptv1.BlockProof) { p.Inclusion.Index, p.Inclusion.Path = 8, many(3) },
		"inclusion.path: 31":                 func(p *receiptv1.BlockProof) { p.Inclusion.Path = many(31) },
		"inclusion.path: does":               func(p *receiptv1.BlockProof) { p.Inclusion.Path = many(30) },
		"inclusion.path[0]":                  func(p *receiptv1.BlockProof) { p.Inclusion.Path[0] = "" },
		"validators: 0":                      func(p *receiptv1.BlockProof) { p.Validators = nil },
		"validators: 1001":                   func(p *receiptv1.BlockProof) { p.Validators = make([]*receiptv1.Validator, 1001) },
		"validators: are not":                func(p *receiptv1.BlockProof) { p.Validators = p.Validators[:3] },
		"validators[0].public_key":           func(p *receiptv1.BlockProof) { p.Validators[0] = nil },
		"validators[0].power":                func(p *receiptv1.BlockProof) { p.Validators[0].Power = 0 },
		"validators[1].power":                func(p *receiptv1.BlockProof) { p.Validators[1].Power = -1 },
		"validators[2].power":                func(p *receiptv1.BlockProof) { p.Validators[2].Power = math.MaxInt64 },
		"validators[3].power: 1152921504606": func(p *receiptv1.BlockProof) { p.Validators[3].Power = 1<<60 - 3 },
	} {
		if err := load(t, "three").with(change).check(); err == nil || !strings.Contains("\n"+err.Error(), "\n"+field) {
			t.Errorf("want an error of %s, got: %v", field, err)
		}
	}
	first := load(t, "one").with(func(p *receiptv1.BlockProof) {
		p.Header.Height, p.Header.LastBlockHash, p.Header.LastPartsTotal, p.Header.LastPartsHash = 1, "", 0, ""
	})
	if _, err := receipt.BlockHash(first.chainID, first.block.GetHeader()); err != nil {
		t.Errorf("the header of a first block: %v", err)
	}
	for _, chainID := range []string{"", strings.Repeat("x", 51)} {
		g := load(t, "three")
		if g.chainID = chainID; g.check() == nil {
			t.Errorf("chain id %q is accepted", chainID)
		}
	}
}

// TestTwoThirdsOfThePowerAreTooFew signs the header of a real block by validators with various powers.
func TestTwoThirdsOfThePowerAreTooFew(t *testing.T) {
	const most = 1<<60 - 1 // Of all together.
	for name, tc := range map[string]struct {
		powers  []int64
		signers []int
		ok      bool
	}{
		"one of one":                  {[]int64{1}, []int{0}, true},
		"none of one":                 {[]int64{1}, nil, false},
		"two of three":                {[]int64{1, 1, 1}, []int{0, 1}, false},
		"three of three":              {[]int64{1, 1, 1}, []int{0, 1, 2}, true},
		"two of four":                 {[]int64{1, 1, 1, 1}, []int{1, 3}, false},
		"three of four":               {[]int64{1, 1, 1, 1}, []int{0, 2, 3}, true},
		"many with little":            {[]int64{7, 1, 1, 1}, []int{1, 2, 3}, false},
		"one with much":               {[]int64{7, 1, 1, 1}, []int{0}, true},
		"exactly two thirds":          {[]int64{4, 1, 1}, []int{0}, false},
		"nearly all there can be":     {[]int64{most - 1, 1}, []int{0}, true},
		"two thirds of all there is":  {[]int64{most / 3 * 2, most / 3}, []int{0}, false},
		"one more than these":         {[]int64{most/3*2 + 1, most/3 - 1}, []int{0}, true},
		"a set of too much to count":  {[]int64{most, 1}, []int{0, 1}, false},
		"powers that overflow to one": {[]int64{math.MaxInt64, math.MaxInt64, 3}, []int{2}, false},
	} {
		g := load(t, "four").with(func(p *receiptv1.BlockProof) {
			p.Validators, p.Commit.Signatures = nil, nil
			keys := make([]ed25519.PrivateKey, len(tc.powers))
			for i, power := range tc.powers {
				keys[i] = ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i)))
				p.Validators = append(p.Validators, &receiptv1.Validator{PublicKey: hex.EncodeToString(keys[i].Public().(ed25519.PublicKey)), Power: power})
			}
			at := &timestamppb.Timestamp{Seconds: 1}
			vote, err := receipt.VoteSignBytes("bitcraps-test", p.GetHeader(), p.GetCommit(), at)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range tc.signers {
				p.Commit.Signatures = append(p.Commit.Signatures, &receiptv1.CommitSignature{Validator: int32(i), Time: at,
					Signature: hex.EncodeToString(ed25519.Sign(keys[i], vote))})
			}
		})
		if err := receipt.CheckSignatures(g.chainID, g.block); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOneInvalidSignatureInvalidatesAProof(t *testing.T) {
	g := load(t, "four")
	for i := range g.block.GetCommit().GetSignatures() {
		bad := g.with(func(p *receiptv1.BlockProof) {
			p.Commit.Signatures[i].Signature = p.Commit.Signatures[(i+1)%4].Signature
		})
		if err := receipt.CheckSignatures(bad.chainID, bad.block); err == nil {
			t.Errorf("signature %d is bad, and the proof holds", i)
		}
	}
}
