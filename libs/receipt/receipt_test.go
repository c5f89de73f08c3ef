package receipt_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// real is a receipt from the whole platform, and what it is checked against. It must be recorded again when a pay table changes:
// services/bitcraps/internal/e2e/receipt_test.go describes how.
func real(t testing.TB) (text []byte, trust *receipt.Trust) {
	t.Helper()
	text, err := os.ReadFile("testdata/receipt.json")
	if err != nil {
		t.Fatal(err)
	}
	facts, err := os.ReadFile("testdata/fairness.json")
	if err != nil {
		t.Fatal(err)
	}
	if trust, err = receipt.ParseTrust(facts); err != nil {
		t.Fatal(err)
	}
	return text, trust
}

func TestRealReceiptIsValid(t *testing.T) {
	text, trust := real(t)
	report := receipt.Verify(text, trust)
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, step := range report {
		names = append(names, step.Name)
		if step.Found == "" {
			t.Errorf("%s has no detail", step.Name)
		}
	}
	if got := strings.Join(names, " "); got != "format trust game state pay_table bets validators inclusion signatures hops group_key beacon dice settlement balance" {
		t.Errorf("steps: %s", got)
	}
}

func TestReceiptMayBePrettyPrinted(t *testing.T) {
	text, trust := real(t)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "  ", "\t"); err != nil {
		t.Fatal(err)
	}
	if err := receipt.Verify(pretty.Bytes(), trust).Err(); err != nil {
		t.Error(err)
	}
}

// TestEveryByteCounts changes one bit of one byte at a time, which changes case, digits, signs and punctuation; it also removes and
// duplicates each byte. It verifies without a Trust, so that only the receipt itself can reveal the change. Lineages have a test of their
// own.
func TestEveryByteCounts(t *testing.T) {
	text, _ := real(t)
	r := &receiptv1.Receipt{}
	if err := protojson.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	r.Lineage = nil
	text = write(t, r)
	failed := map[string]int{}
	refuse := func(what string, at int, changed []byte) {
		t.Helper()
		report := receipt.Verify(changed, nil)
		if report.Err() == nil {
			t.Errorf("byte %d %s: ...%s... is accepted", at, what, changed[max(0, at-30):min(at+30, len(changed))])
		}
		failed[report[len(report)-1].Name]++
	}
	for at := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[at] ^= 1 << bit
			refuse("flipped", at, changed)
		}
		refuse("dropped", at, append(bytes.Clone(text[:at]), text[at+1:]...))
		refuse("doubled", at, append(bytes.Clone(text[:at+1]), text[at:]...))
	}
	for _, step := range []string{"format", "state", "bets", "validators", "inclusion", "signatures", "beacon", "dice", "settlement", "balance"} {
		if failed[step] == 0 {
			t.Errorf("no change failed at %s: %v", step, failed)
		}
	}
}

// TestChangesFailWhereTheyAre makes changes that keep the canonical form.
func TestChangesFailWhereTheyAre(t *testing.T) {
	text, trust := real(t)
	for name, tc := range map[string]struct {
		step   string
		change func(*receiptv1.Receipt)
	}{
		"another version":         {"format", func(r *receiptv1.Receipt) { r.Version = 1 }},
		"no block":                {"format", func(r *receiptv1.Receipt) { r.Block = nil }},
		"no bets":                 {"format", func(r *receiptv1.Receipt) { r.Bets = nil }},
		"a game that is a text":   {"format", func(r *receiptv1.Receipt) { r.GameId += "\nok      trust       the pinned one" }},
		"a chain that is a text":  {"format", func(r *receiptv1.Receipt) { r.ChainId += "\x1b[8m" }},
		"a chain of 51 bytes":     {"format", func(r *receiptv1.Receipt) { r.ChainId = strings.Repeat("x", 51) }},
		"another chain":           {"trust", func(r *receiptv1.Receipt) { r.ChainId = "craps-2" }},
		"another key":             {"trust", func(r *receiptv1.Receipt) { r.GroupKey = strings.Repeat("0", 192) }},
		"another validator":       {"validators", func(r *receiptv1.Receipt) { r.Block.Validators[0].Power = 9 }},
		"a validator less":        {"validators", func(r *receiptv1.Receipt) { r.Block.Validators = r.Block.Validators[1:] }},
		"another point":           {"state", func(r *receiptv1.Receipt) { r.State.Point = 10 - r.State.Point }},
		"a count out of range":    {"state", func(r *receiptv1.Receipt) { r.State.Totals[0] = 7 }},
		"a count less":            {"state", func(r *receiptv1.Receipt) { r.State.Totals = r.State.Totals[1:] }},
		"another game":            {"state", func(r *receiptv1.Receipt) { r.GameId = r.PlayerId }},
		"nobody":                  {"format", func(r *receiptv1.Receipt) { r.PlayerId = "00000000-0000-0000-0000-000000000000" }},
		"other pay tables":        {"pay_table", func(r *receiptv1.Receipt) { r.Commitment.PayTableHash = r.Commitment.BetsRoot }},
		"another player":          {"bets", func(r *receiptv1.Receipt) { r.PlayerId = r.GameId }},
		"a greater stake":         {"bets", func(r *receiptv1.Receipt) { r.Bets[0].Amount++ }},
		"a bet twice":             {"bets", func(r *receiptv1.Receipt) { r.Bets = append(r.Bets, r.Bets[len(r.Bets)-1]) }},
		"another order":           {"bets", func(r *receiptv1.Receipt) { r.Bets[0], r.Bets[1] = r.Bets[1], r.Bets[0] }},
		"an alias":                {"bets", func(r *receiptv1.Receipt) { r.Bets[0].BetType = "pass" }},
		"another count":           {"bets", func(r *receiptv1.Receipt) { r.Commitment.BetCount = 1 }},
		"another transaction":     {"inclusion", func(r *receiptv1.Receipt) { r.Block.Header.DataHash = r.Block.Header.AppHash }},
		"a signature too few":     {"signatures", func(r *receiptv1.Receipt) { r.Block.Commit.Signatures = r.Block.Commit.Signatures[:2] }},
		"another block":           {"signatures", func(r *receiptv1.Receipt) { r.Block.Header.Height++ }},
		"an empty lineage":        {"hops", func(r *receiptv1.Receipt) { r.Lineage = &receiptv1.Lineage{} }},
		"another height":          {"beacon", func(r *receiptv1.Receipt) { r.Beacon.Height++ }},
		"another beacon":          {"beacon", func(r *receiptv1.Receipt) { r.Beacon.Signature = strings.Repeat("0", 96) }},
		"other dice":              {"dice", func(r *receiptv1.Receipt) { r.Dice[0] = r.Dice[0]%6 + 1 }},
		"three dice":              {"dice", func(r *receiptv1.Receipt) { r.Dice = append(r.Dice, 1) }},
		"a greater payout":        {"settlement", func(r *receiptv1.Receipt) { r.Bets[0].Payout++ }},
		"another outcome":         {"settlement", func(r *receiptv1.Receipt) { r.Bets[0].Outcome = "push" }},
		"a balance that is wrong": {"balance", func(r *receiptv1.Receipt) { r.BalanceAfter++ }},
		"a debt":                  {"balance", func(r *receiptv1.Receipt) { r.BalanceAfter -= r.BalanceBefore + 1; r.BalanceBefore = -1 }},
	} {
		r := &receiptv1.Receipt{}
		if err := protojson.Unmarshal(text, r); err != nil {
			t.Fatal(err)
		}
		tc.change(r)
		changed, err := canonical.JSON(r)
		if err != nil {
			t.Fatal(err)
		}
		report := receipt.Verify(changed, trust)
		if err := report.Err(); err == nil || report[len(report)-1].Name != tc.step {
			t.Errorf("%s: %v, want a failure at %s", name, err, tc.step)
		}
	}
}

// TestAmountsAreBounded has amounts that JavaScript's numbers can't represent. Settling the largest would overflow.
func TestAmountsAreBounded(t *testing.T) {
	text, trust := real(t)
	for want, change := range map[string]func(*receiptv1.Receipt){
		"bets: bets[0].amount: 9007199254740992;":    func(r *receiptv1.Receipt) { r.Bets[0].Amount = 1 << 53 },
		"bets: bets[0].amount: 9223372036854775807;": func(r *receiptv1.Receipt) { r.Bets[0].Amount = math.MaxInt64 },
		"balance: from 90071992547": func(r *receiptv1.Receipt) {
			r.BalanceBefore, r.BalanceAfter = r.BalanceBefore+1<<53, r.BalanceAfter+1<<53
		},
	} {
		r := &receiptv1.Receipt{}
		if err := protojson.Unmarshal(text, r); err != nil {
			t.Fatal(err)
		}
		change(r)
		if err := receipt.Verify(write(t, r), trust).Err(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// FuzzVerify fuzzes the text of a receipt. What is accepted must be the canonical encoding of its contents.
func FuzzVerify(f *testing.F) {
	text, trust := real(f)
	later, genesis := far(f)
	f.Add(text)
	f.Add(write(f, later))
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, trust := range []*receipt.Trust{trust, genesis} {
			if receipt.Verify(text, trust).Err() == nil {
				if r, err := receipt.Parse(text); err != nil || proto.Size(r) == 0 {
					t.Errorf("accepted and not parsed: %v", err)
				}
			}
		}
	})
}

// FuzzReceipt fuzzes the fields of a receipt, so that the checks after the form are reached.
func FuzzReceipt(f *testing.F) {
	text, _ := real(f)
	seed := &receiptv1.Receipt{}
	if err := protojson.Unmarshal(text, seed); err != nil {
		f.Fatal(err)
	}
	later, genesis := far(f)
	for _, r := range []*receiptv1.Receipt{seed, later} {
		wire, err := proto.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		r := &receiptv1.Receipt{}
		if proto.Unmarshal(b, r) != nil {
			return
		}
		if text, err := canonical.JSON(r); err == nil {
			_ = receipt.Verify(text, nil)
			_ = receipt.Verify(text, genesis)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	text, trust := real(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := receipt.Verify(text, trust).Err(); err != nil {
			b.Fatal(err)
		}
	}
}
