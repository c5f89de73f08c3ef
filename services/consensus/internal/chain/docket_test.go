package chain

import (
	"testing"

	dbm "github.com/cometbft/cometbft-db"
	"pgregory.net/rapid"

	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
)

// TestNobodyPushesOutWhatOthersDid floods the store with one validator's offences.
func TestNobodyPushesOutWhatOthersDid(t *testing.T) {
	s := &store{db: dbm.NewMemDB()}
	add := func(address string, kind consensusv1.EvidenceKind, height int64) bool {
		added, err := s.addEvidence(&consensusv1.Evidence{Address: address, Kind: kind, Height: height})
		if err != nil {
			t.Fatal(err)
		}
		return added
	}
	const one, other = "0101010101010101010101010101010101010101", "0202020202020202020202020202020202020202"
	kind := consensusv1.EvidenceKind_EVIDENCE_KIND_INVALID_SHARE
	if !add(other, kind, 1) || add(other, kind, 1) {
		t.Error("the same was not kept once")
	}
	for height := int64(1); height <= 3*evidencePerValidator; height++ {
		add(one, kind, height)
	}
	add(one, consensusv1.EvidenceKind_EVIDENCE_KIND_ABSENCE, 2)
	all, err := s.evidence(nil, 1000)
	if err != nil || len(all) != evidencePerValidator+2 {
		t.Fatalf("%d pieces are kept, %v", len(all), err)
	}
	if first, last := all[0], all[len(all)-1]; first.GetHeight() != 3*evidencePerValidator || last.GetAddress() != other {
		t.Errorf("the list goes from %v to %v", first, last)
	}
}

func TestPagesOfEvidenceAreTheWholeList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &store{db: dbm.NewMemDB()}
		n := rapid.IntRange(0, 40).Draw(t, "pieces")
		for range n {
			_, err := s.addEvidence(&consensusv1.Evidence{Address: "0101010101010101010101010101010101010101", Kind: consensusv1.EvidenceKind(rapid.IntRange(1, 4).Draw(t, "kind")),
				Height: rapid.Int64Range(1, 20).Draw(t, "height")})
			if err != nil {
				t.Fatal(err)
			}
		}
		whole, err := s.evidence(nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		size, behind := rapid.IntRange(1, 10).Draw(t, "size"), []byte(nil)
		for i := 0; i < len(whole); {
			page, err := s.evidence(behind, size)
			if err != nil || len(page) == 0 {
				t.Fatalf("a page behind %x has %d, %v", behind, len(page), err)
			}
			for _, e := range page {
				if string(e.Key) != string(whole[i].Key) || !IsEvidenceKey(e.Key) {
					t.Fatalf("piece %d is %x, want %x", i, e.Key, whole[i].Key)
				}
				i++
			}
			behind = page[len(page)-1].Key
		}
	})
}
