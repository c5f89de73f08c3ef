package dkg_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"go.dedis.ch/kyber/v4/util/random"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// quorum is the chain's quorum.
func quorum(n int) int { return n*2/3 + 1 }

// parties are n validators with new keys.
func parties(n int) []dkg.Party {
	out := make([]dkg.Party, n)
	for i := range out {
		out[i].Key = dkg.NewSecretKey(random.New())
	}
	return out
}

func keysOf(parties []dkg.Party) (keys []dkg.PublicKey) {
	for _, p := range parties {
		keys = append(keys, p.Key.Public())
	}
	return keys
}

// fresh is the first session of a chain.
func fresh(all []dkg.Party) dkg.Session {
	return dkg.Session{Chain: protocol.Hash{1}, Epoch: 1, Threshold: quorum(len(all)), Dealers: keysOf(all), Members: keysOf(all)}
}

// reshare is a session in which the holders of shares reshare the secret.
func reshare(public *threshold.Public, from, to []dkg.Party) dkg.Session {
	return dkg.Session{Chain: protocol.Hash{1}, Epoch: 2, Threshold: quorum(len(to)), Dealers: keysOf(from), Members: keysOf(to),
		Old: public.Commitments()}
}

// runPhase has each party send its message of the current phase. change may replace a message, or drop it.
func runPhase(t rapid.TB, c *dkg.Ceremony, all []dkg.Party, change func(party int, message []byte) []byte) {
	t.Helper()
	phase := c.Phase
	for i, p := range all {
		if c.Phase != phase {
			break
		}
		message, err := p.NextMessage(c)
		if err != nil {
			t.Fatal(err)
		}
		if message != nil && change != nil {
			message = change(i, message)
		}
		if message == nil {
			continue
		}
		if err := c.Handle(message); err != nil {
			t.Fatalf("%s: message of %d: %v", phase, i, err)
		}
	}
	if c.Phase == phase {
		c.EndPhase()
	}
}

// run runs a ceremony in which all parties are honest.
func run(t rapid.TB, c *dkg.Ceremony, all []dkg.Party) {
	t.Helper()
	for c.Phase != dkg.Done {
		if c.Phase == dkg.Failed {
			t.Fatal("the ceremony failed")
		}
		runPhase(t, c, all, nil)
	}
}

// shares are the shares of all members, each of which must have one.
func shares(t rapid.TB, c *dkg.Ceremony, all []dkg.Party) []dkg.Party {
	t.Helper()
	out := make([]dkg.Party, len(all))
	for i, p := range all {
		s, err := c.Share(p.Key, i)
		if err != nil {
			t.Fatalf("share of %d: %v", i, err)
		}
		out[i] = dkg.Party{Key: p.Key, Share: &s}
	}
	return out
}

func public(t rapid.TB, c *dkg.Ceremony) *threshold.Public {
	t.Helper()
	p, err := c.Public()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// signAll signs a height with all shares.
func signAll(t rapid.TB, all []dkg.Party, height int64) map[int][]byte {
	t.Helper()
	out := map[int][]byte{}
	for _, p := range all {
		signature, err := p.Share.Sign(height)
		if err != nil {
			t.Fatal(err)
		}
		out[p.Share.Index()] = signature
	}
	return out
}

func TestEveryMemberGetsAShareOfOneKey(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7} {
		all := parties(n)
		c := dkg.New(fresh(all))
		run(t, c, all)
		all = shares(t, c, all)
		if _, err := public(t, c).Recover(9, signAll(t, all, 9)); err != nil {
			t.Errorf("n = %d: %v", n, err)
		}
		if few := signAll(t, all[:quorum(n)-1], 9); n > 1 {
			if _, err := public(t, c).Recover(9, few); !errors.Is(err, threshold.ErrTooFew) {
				t.Errorf("n = %d: %d shares: %v", n, len(few), err)
			}
		}
	}
}

// TestACrashChangesNothing has a validator send every message twice, as one does that crashed before it learned that it had sent it.
func TestACrashChangesNothing(t *testing.T) {
	all := parties(4)
	c := dkg.New(fresh(all))
	for range 2 {
		first, err := all[1].NextMessage(c)
		if err != nil {
			t.Fatal(err)
		}
		restarted, err := dkg.ParseSecretKey(mustMarshal(t, all[1].Key))
		if err != nil {
			t.Fatal(err)
		}
		again, err := dkg.Party{Key: restarted}.NextMessage(c.Clone())
		if err != nil {
			t.Fatal(err)
		}
		// Encryption and signatures are randomized; the content is not.
		if c.Phase == dkg.Dealing {
			a, _ := dkg.DecodeDeal(first)
			b, err := dkg.DecodeDeal(again)
			if err != nil || a.Commitments[2] != b.Commitments[2] {
				t.Errorf("two polynomials were dealt, %v", err)
			}
		}
		if err := c.Handle(first); err != nil {
			t.Fatal(err)
		}
		if err := c.Handle(again); !errors.Is(err, dkg.ErrUnexpected) {
			t.Errorf("sent twice: %v", err)
		}
		runPhase(t, c, all, nil)
	}
	if c.Phase != dkg.Done {
		t.Fatal(c.Phase)
	}
	shares(t, c, all)
}

func mustMarshal(t *testing.T, key dkg.SecretKey) []byte {
	t.Helper()
	b, err := key.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// badSeal replaces a deal's sealed share for a member by one that it can't decrypt, and signs the deal again.
func badSeal(t rapid.TB, key dkg.SecretKey, message []byte, member int) []byte {
	t.Helper()
	d, err := dkg.DecodeDeal(message)
	if err != nil {
		t.Fatal(err)
	}
	d.Sealed[member] = bytes.Clone(d.Sealed[(member+1)%len(d.Sealed)])
	return dkg.Resign(t, key, d)
}

func TestADealerThatAnswersAComplaintStaysIn(t *testing.T) {
	all := parties(4)
	c := dkg.New(fresh(all))
	runPhase(t, c, all, func(i int, message []byte) []byte {
		if i == 3 {
			return badSeal(t, all[3].Key, message, 0)
		}
		return message
	})
	runPhase(t, c, all, nil)
	if c.Phase != dkg.Justifying {
		t.Fatalf("the ceremony is %s", c.Phase)
	}
	runPhase(t, c, all, nil)
	if len(c.Qualified()) != 4 {
		t.Errorf("qualified are %v", c.Qualified())
	}
	shares(t, c, all)
}

func TestADealerThatDoesNotAnswerIsExcluded(t *testing.T) {
	all := parties(4)
	c := dkg.New(fresh(all))
	runPhase(t, c, all, func(i int, message []byte) []byte {
		if i == 3 {
			return badSeal(t, all[3].Key, message, 0)
		}
		return message
	})
	runPhase(t, c, all, nil)
	runPhase(t, c, all, func(int, []byte) []byte { return nil })
	if c.Phase != dkg.Done || len(c.Qualified()) != 3 {
		t.Fatalf("the ceremony is %s with %v", c.Phase, c.Qualified())
	}
	shares(t, c, all) // The excluded dealer has a share too.
}

func TestTooFewPartiesMakeNoKey(t *testing.T) {
	for _, phase := range []dkg.Phase{dkg.Dealing, dkg.Responding} {
		all := parties(4)
		c := dkg.New(fresh(all))
		for c.Phase < phase {
			runPhase(t, c, all, nil)
		}
		runPhase(t, c, all, func(i int, message []byte) []byte {
			if i < 2 {
				return message
			}
			return nil
		})
		if c.Phase != dkg.Failed {
			t.Errorf("two of four were enough for %s: %s", phase, c.Phase)
		}
		if _, err := c.Public(); err == nil {
			t.Error("a ceremony that failed has a key")
		}
	}
}

// TestOldSharesAreOutdated reshares the key of four validators: one leaves, two join.
func TestOldSharesAreOutdated(t *testing.T) {
	old := parties(4)
	first := dkg.New(fresh(old))
	run(t, first, old)
	old = shares(t, first, old)

	next := append([]dkg.Party{{Key: old[0].Key}, {Key: old[1].Key}, {Key: old[2].Key}}, parties(2)...)
	second := dkg.New(reshare(public(t, first), old, next))
	everybody := append(append([]dkg.Party{}, old...), next[3:]...)
	run(t, second, everybody)
	next = shares(t, second, next)

	before, after := public(t, first), public(t, second)
	if !bytes.Equal(before.GroupKey(), after.GroupKey()) {
		t.Fatal("the group key changed")
	}
	want, err := before.Recover(7, signAll(t, old, 7))
	if err != nil {
		t.Fatal(err)
	}
	got, err := after.Recover(7, signAll(t, next, 7))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the new shares sign %x, the old ones %x, %v", got, want, err)
	}
	// Four of five are needed now: three new shares and every old one are not enough, at whatever indices.
	for place := range 5 {
		mixed := signAll(t, next[:3], 7)
		for i, signature := range signAll(t, old, 7) {
			if at := (place + i) % 5; at >= 3 {
				mixed[at] = signature
			}
		}
		if _, err := after.Recover(7, mixed); !errors.Is(err, threshold.ErrTooFew) {
			t.Errorf("old and new shares together: %v", err)
		}
	}
	if _, err := after.ParseShare(0, shareBytes(t, old[0])); err == nil {
		t.Error("an old share is accepted as a new one")
	}
}

func shareBytes(t *testing.T, p dkg.Party) []byte {
	t.Helper()
	b, err := p.Share.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestHonestPartiesGetOneKey has up to f validators be absent or deal wrongly, in any combination.
func TestHonestPartiesGetOneKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		faulty := map[int]string{}
		for range (n - 1) / 3 {
			faulty[rapid.IntRange(0, n-1).Draw(t, "who")] = rapid.SampledFrom([]string{"silent", "seals badly", "complains"}).Draw(t, "how")
		}
		all := parties(n)
		c := dkg.New(fresh(all))
		for c.Phase != dkg.Done {
			if c.Phase == dkg.Failed {
				t.Fatal("the ceremony failed")
			}
			phase := c.Phase
			runPhase(t, c, all, func(i int, message []byte) []byte {
				switch {
				case faulty[i] == "silent", faulty[i] != "" && phase == dkg.Justifying && rapid.Bool().Draw(t, "answers"):
					return nil
				case faulty[i] == "seals badly" && phase == dkg.Dealing:
					return badSeal(t, all[i].Key, message, rapid.IntRange(0, n-1).Draw(t, "victim"))
				case faulty[i] == "complains" && phase == dkg.Responding:
					r, err := dkg.DecodeResponse(message)
					if err != nil {
						t.Fatal(err)
					}
					r.Complaints = []int{rapid.SampledFrom(c.Qualified()).Draw(t, "of")}
					return dkg.Resign(t, all[i].Key, r)
				}
				return message
			})
		}
		key := public(t, c)
		var honest []dkg.Party
		for i, p := range all {
			if faulty[i] != "" {
				continue
			}
			s, err := c.Share(p.Key, i)
			if err != nil {
				t.Fatalf("share of %d: %v", i, err)
			}
			honest = append(honest, dkg.Party{Key: p.Key, Share: &s})
		}
		if _, err := key.Recover(3, signAll(t, honest, 3)); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkHandle(b *testing.B) {
	for _, n := range []int{4, 21} {
		all := parties(n)
		c := dkg.New(fresh(all))
		message, err := all[0].NextMessage(c)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("deal of %d", n), func(b *testing.B) {
			for b.Loop() {
				if err := dkg.New(fresh(all)).Handle(message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
