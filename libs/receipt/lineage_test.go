package receipt_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// update writes testdata/lineage.json and genesis.json anew, which is due when receipt.json is:
//
//	go test ./libs/receipt -run TestLineageIsTheGolden -update
var update = flag.Bool("update", false, "write the golden receipt with a lineage")

// far is the real receipt, made one of a chain whose validators have all changed since genesis and made their group key
// together: the key is proven in block 3, and everybody was replaced between the blocks 12 and 13.
func far(t testing.TB) (*receiptv1.Receipt, *receipt.Trust) {
	t.Helper()
	text, _ := real(t)
	r := &receiptv1.Receipt{}
	if err := protojson.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	genesis, middle, last := setOf(0, 1, 2, 3), setOf(2, 3, 4, 5), setOf(6, 7, 8, 9)
	r.ChainId = madeChain
	r.Block = resigned(t, madeChain, r.GetBlock(), r.GetBlock().GetHeader().GetHeight(), last)
	r.Lineage = &receiptv1.Lineage{
		Hops:    []*receiptv1.LightBlock{lightBlock(t, 12, middle, last), lightBlock(t, 13, last, last)},
		Sharing: sharingProof(t, r.GetGroupKey(), genesis),
	}
	trust := &receipt.Trust{ChainID: madeChain, GenesisHash: strings.Repeat("ef", 32)}
	for _, v := range genesis {
		trust.Validators = append(trust.Validators, receipt.TrustedValidator{PublicKey: v.GetPublicKey(), Power: v.GetPower()})
	}
	return r, trust
}

// sharingProof is a block of the set at height 3 that holds a sharing of the key.
func sharingProof(t testing.TB, groupKey string, set []*receiptv1.Validator) *receiptv1.SharingProof {
	t.Helper()
	key, err := hex.DecodeString(groupKey)
	if err != nil {
		t.Fatal(err)
	}
	sharing := protocol.Sharing{Epoch: 1, Commitments: []protocol.Point{protocol.Point(key), {1}, {2}}, Members: []protocol.Address{{1}, {2}, {3}, {4}}}
	leaf := sharing.Hash()
	root := protocol.MerkleRoot([][]byte{leaf[:]})
	h := header(t, 3, set, set)
	h.DataHash = hex.EncodeToString(root[:])
	return &receiptv1.SharingProof{Transaction: hex.EncodeToString(sharing.Encode()), Block: &receiptv1.BlockProof{
		Header: h, Commit: sign(t, madeChain, h, set), Inclusion: &receiptv1.Inclusion{}, Validators: set}}
}

func write(t testing.TB, r *receiptv1.Receipt) []byte {
	t.Helper()
	text, err := canonical.JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestLineageIsTheGolden keeps what other implementations are tested with what this one makes.
func TestLineageIsTheGolden(t *testing.T) {
	r, trust := far(t)
	facts, err := json.Marshal(trust)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"testdata/lineage.json": write(t, r), "testdata/genesis.json": facts} {
		if *update {
			if err := os.WriteFile(path, want, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the test makes: %v", path, err)
		}
	}
	if trust, err = receipt.ParseTrust(facts); err != nil {
		t.Fatal(err)
	}
	if err := receipt.Verify(write(t, r), trust).Err(); err != nil {
		t.Error(err)
	}
}

// TestLineagesFailWhereTheyAre changes what leads from genesis to the block.
func TestLineagesFailWhereTheyAre(t *testing.T) {
	others := setOf(20, 21, 22, 23)
	for name, tc := range map[string]struct {
		step, says string
		change     func(*receiptv1.Receipt, *receipt.Trust)
	}{
		"as it is":       {"balance", "", func(*receiptv1.Receipt, *receipt.Trust) {}},
		"the pinned key": {"balance", "", func(r *receiptv1.Receipt, t *receipt.Trust) { t.GroupKey = r.GroupKey }},
		"no hop is missed": {"balance", "", func(r *receiptv1.Receipt, _ *receipt.Trust) {
			r.Block = resigned(t, madeChain, r.Block, r.Block.Header.Height, setOf(2, 3, 4, 5))
			r.Lineage.Hops = nil
		}},
		"no sharing, a pin":  {"balance", "", func(r *receiptv1.Receipt, t *receipt.Trust) { t.GroupKey = r.GroupKey; r.Lineage.Sharing = nil }},
		"no sharing, no pin": {"group_key", "does not prove it", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Sharing = nil }},
		"no lineage":         {"hops", "block.commit.signatures", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage = nil }},
		"another pinned key": {"trust", "group_key", func(_ *receiptv1.Receipt, t *receipt.Trust) { t.GroupKey = strings.Repeat("0", 192) }},
		"others at genesis": {"hops", "lineage.sharing.block.commit", func(_ *receiptv1.Receipt, t *receipt.Trust) {
			t.Validators = t.Validators[:1]
			t.Validators[0].PublicKey = public(9)
		}},
		"nobody at genesis":    {"hops", "validators: 0", func(_ *receiptv1.Receipt, t *receipt.Trust) { t.Validators = nil }},
		"the first hop missed": {"hops", "lineage.hops[0].commit", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Hops = r.Lineage.Hops[1:] }},
		"the last hop missed":  {"hops", "block.commit", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Hops = r.Lineage.Hops[:1] }},
		"hops swapped":         {"hops", "lineage.hops[0].commit", func(r *receiptv1.Receipt, _ *receipt.Trust) { h := r.Lineage.Hops; h[0], h[1] = h[1], h[0] }},
		"a hop of others":      {"hops", "lineage.hops[1].header.validators_hash", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Hops[1] = lightBlock(t, 13, others, others) }},
		"a hop behind": {"hops", "block.header.height", func(r *receiptv1.Receipt, _ *receipt.Trust) {
			r.Lineage.Hops = append(r.Lineage.Hops, lightBlock(t, r.Block.Header.Height, setOf(6, 7, 8, 9), others))
		}},
		"too many hops": {"hops", "at most 64", func(r *receiptv1.Receipt, _ *receipt.Trust) {
			r.Lineage.Hops = make([]*receiptv1.LightBlock, 65)
			for i := range r.Lineage.Hops {
				r.Lineage.Hops[i] = &receiptv1.LightBlock{}
			}
		}},
		"an empty hop":        {"hops", "lineage.hops[0].validators: 0", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Hops[0] = &receiptv1.LightBlock{} }},
		"a sharing elsewhere": {"hops", "lineage.sharing.block", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Sharing.Block.Header.Height = 30 }},
		"no block for it":     {"hops", "lineage.sharing.block.validators: 0", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Sharing.Block = nil }},
		"a sharing of others": {"hops", "lineage.sharing.block.commit", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Sharing = sharingProof(t, r.GroupKey, others) }},
		"of another key": {"group_key", "is not that of lineage.sharing", func(r *receiptv1.Receipt, _ *receipt.Trust) {
			r.Lineage.Sharing = sharingProof(t, strings.Repeat("0", 192), setOf(0, 1, 2, 3))
		}},
		"not in the block": {"group_key", "inclusion.path", func(r *receiptv1.Receipt, _ *receipt.Trust) {
			s := []byte(r.Lineage.Sharing.Transaction)
			s[47] ^= 1
			r.Lineage.Sharing.Transaction = string(s)
		}},
		"no sharing at all": {"group_key", "malformed", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Sharing.Transaction = "" }},
		"half a byte":       {"group_key", "lowercase hex", func(r *receiptv1.Receipt, _ *receipt.Trust) { r.Lineage.Sharing.Transaction += "0" }},
	} {
		r, trust := far(t)
		tc.change(r, trust)
		account := receipt.Verify(write(t, r), trust)
		last := account[len(account)-1]
		if last.Name != tc.step || (last.Err == nil) != (tc.says == "") || last.Err != nil && !strings.Contains(last.Err.Error(), tc.says) {
			t.Errorf("%s: at %s: %v, want at %s: %s", name, last.Name, last.Err, tc.step, tc.says)
		}
	}
}

// TestEveryByteOfALineageCounts changes a bit of each byte in turn, with somebody trusted and with nobody in turn too.
func TestEveryByteOfALineageCounts(t *testing.T) {
	r, trust := far(t)
	text := write(t, r)
	begin := bytes.Index(text, []byte(`"lineage"`))
	failed, step := map[string]int{}, 1
	if testing.Short() {
		step = 5
	}
	for at := begin; at < len(text); at += step {
		changed := bytes.Clone(text)
		changed[at] ^= 1 << (at % 7)
		account := receipt.Verify(changed, []*receipt.Trust{trust, nil}[at%2])
		if account.Err() == nil {
			t.Errorf("byte %d: ...%s... is accepted", at, changed[max(0, at-30):min(at+30, len(changed))])
		}
		failed[account[len(account)-1].Name]++
	}
	for _, step := range []string{"format", "hops", "group_key"} {
		if failed[step] == 0 {
			t.Errorf("no change failed at %s: %v", step, failed)
		}
	}
	t.Logf("%d bytes of a lineage: %v", len(text)-begin, failed)
}
