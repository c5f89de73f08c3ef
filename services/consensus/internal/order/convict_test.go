package order_test

import (
	"slices"
	"testing"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"pgregory.net/rapid"
)

func addresses(n int) []order.Address {
	out := make([]order.Address, n)
	for i := range out {
		out[i] = order.Address{byte(i + 1)}
	}
	return out
}

func TestConvictsGoAsLongAsTheOthersHoldAThreshold(t *testing.T) {
	for _, tc := range []struct{ n, accused, removed int }{
		{1, 1, 0}, {3, 1, 0}, {4, 1, 1}, {4, 2, 1}, {5, 1, 0}, {7, 1, 1}, {7, 2, 1}, {10, 3, 1}, {21, 1, 0},
	} {
		members := addresses(tc.n)
		var accused []order.Offence
		for _, m := range members[:tc.accused] {
			accused = append(accused, order.Offence{Validator: m, Height: 5}, order.Offence{Validator: m, Height: 6})
		}
		changed, removed := order.Convict(nil, members, order.Quorum(tc.n), 7, accused)
		if len(changed) != tc.accused || len(removed) != tc.removed {
			t.Errorf("of %d, %d are accused: %d were convicted and %d removed, want %d", tc.n, tc.accused, len(changed), len(removed), tc.removed)
		}
		if slices.ContainsFunc(changed, func(c order.Conviction) bool { return c.Height != 5 || c.Proven != 7 }) {
			t.Errorf("convictions are %v", changed)
		}
	}
}

func TestAConvictThatWasNeededGoesWithTheNextSharing(t *testing.T) {
	members := addresses(5)
	changed, removed := order.Convict(nil, members, 4, 7, []order.Offence{{Validator: members[2], Height: 6}})
	if len(removed) != 0 || changed[0].Removed != 0 {
		t.Fatalf("removed %v", removed)
	}
	known := changed
	if changed, removed = order.Convict(known, members, 4, 8, nil); len(changed)+len(removed) != 0 {
		t.Fatalf("an idle block changed %v and removed %v", changed, removed)
	}
	changed, removed = order.Convict(known, members, 3, 9, nil)
	if len(removed) != 1 || removed[0] != members[2] || changed[0].Removed != 9 || changed[0].Proven != 7 {
		t.Fatalf("changed %v, removed %v", changed, removed)
	}
}

// TestNobodyIsConvictedWithoutEvidence gives random evidence and holds what comes out against what went in.
func TestNobodyIsConvictedWithoutEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "validators")
		members, threshold := addresses(n), order.Quorum(n)
		var known []order.Conviction
		accusedOnce := map[order.Address]bool{}
		var hash protocol.Hash
		hashes := map[int64]protocol.Hash{}
		for height := int64(1); height <= 6; height++ {
			var accused []order.Offence
			for range rapid.IntRange(0, 3).Draw(t, "accused") {
				a := order.Address{byte(rapid.IntRange(1, 32).Draw(t, "who"))} // Some are no members.
				accused, accusedOnce[a] = append(accused, order.Offence{Validator: a, Height: height - 1}), true
			}
			changed, removed := order.Convict(known, members, threshold, height, accused)
			if next := order.HashConvictions(hash, changed); (next == hash) != (len(changed) == 0) {
				t.Fatalf("%d changes lead from %x to %x", len(changed), hash, next)
			}
			hash = order.HashConvictions(hash, changed)
			hashes[height] = hash
			for _, c := range changed {
				if !accusedOnce[c.Validator] {
					t.Fatalf("%x was never accused", c.Validator)
				}
				known = slices.DeleteFunc(known, func(k order.Conviction) bool { return k.Validator == c.Validator })
				known = append(known, c)
			}
			for _, r := range removed {
				if i := slices.Index(members, r); i >= 0 {
					members = slices.Delete(members, i, i+1)
				} else {
					t.Fatalf("%x was removed and is no member", r)
				}
			}
			if n > 0 && order.Quorum(len(members)) < threshold {
				t.Fatalf("a quorum of %d members gives fewer than %d shares", len(members), threshold)
			}
		}
		// Whoever knows what became of the convictions knows the hash behind every block.
		for until := int64(1); until <= 6; until++ {
			changes, replayed := order.History(order.KnownAt(known, until)), protocol.Hash{}
			for height := int64(1); height <= until; height++ {
				replayed = order.HashConvictions(replayed, changes[height])
			}
			if replayed != hashes[until] {
				t.Fatalf("a replay up to %d leads to another hash", until)
			}
		}
	})
}
