package dkg_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/big"
	"testing"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
)

// TestInvalidDealsAreRejected modifies the deal of an honest dealer.
func TestInvalidDealsAreRejected(t *testing.T) {
	old := parties(4)
	first := dkg.New(fresh(old))
	honest, err := old[2].NextMessage(first)
	if err != nil {
		t.Fatal(err)
	}
	run(t, first, old)
	old = shares(t, first, old)
	second := dkg.New(reshare(public(t, first), old, old))
	again, err := old[2].NextMessage(second)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		session    dkg.Session
		message    []byte
		change     func(d *dkg.Deal)
		unsigned   bool
		unexpected bool
	}{
		"another session":         {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Session[0]++ }, unexpected: true},
		"no dealer":               {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Dealer = 4 }, unexpected: true},
		"another's name":          {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Dealer = 1 }},
		"another threshold":       {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Commitments = d.Commitments[1:] }},
		"a share too few":         {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Sealed = d.Sealed[1:] }},
		"not a point":             {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Commitments[1][95]++ }},
		"infinity":                {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Commitments[0] = protocol.Point{0xc0} }},
		"not what was signed":     {session: fresh(old), message: honest, change: func(d *dkg.Deal) { d.Sealed[0][9]++ }, unsigned: true},
		"another secret reshared": {session: second.Session, message: again, change: func(d *dkg.Deal) { d.Commitments[0] = d.Commitments[1] }},
		"a deal of the first key": {session: second.Session, message: honest, change: func(*dkg.Deal) {}, unexpected: true},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := dkg.DecodeDeal(bytes.Clone(tc.message))
			if err != nil {
				t.Fatal(err)
			}
			tc.change(&d)
			message := d.Encode()
			if !tc.unsigned {
				message = dkg.Resign(t, old[2].Key, d)
			}
			err = dkg.New(tc.session).Handle(message)
			if err == nil || errors.Is(err, dkg.ErrUnexpected) != tc.unexpected {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// ceremonyWithComplaint is a ceremony in which a member has complained about the last dealer.
func ceremonyWithComplaint(t *testing.T) ([]dkg.Party, *dkg.Ceremony) {
	t.Helper()
	all := parties(4)
	c := dkg.New(fresh(all))
	runPhase(t, c, all, func(i int, message []byte) []byte {
		if i == 3 {
			message = badSeal(t, all[3].Key, message, 0)
		}
		return message
	})
	runPhase(t, c, all, nil)
	return all, c
}

func TestInvalidJustificationsAreRejected(t *testing.T) {
	all, c := ceremonyWithComplaint(t)
	good, err := all[3].NextMessage(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(j *dkg.Justification){
		"another share":  func(j *dkg.Justification) { j.Answers[0].Share[31]++ },
		"not a scalar":   func(j *dkg.Justification) { j.Answers[0].Share = bytes.Repeat([]byte{0xff}, 32) },
		"another member": func(j *dkg.Justification) { j.Answers[0].Member = 1 },
		"no answer":      func(j *dkg.Justification) { j.Answers = nil },
	} {
		j, err := dkg.DecodeJustification(bytes.Clone(good))
		if err != nil {
			t.Fatal(err)
		}
		change(&j)
		if err := c.Clone().Handle(dkg.Resign(t, all[3].Key, j)); err == nil || errors.Is(err, dkg.ErrUnexpected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Handle(good); err != nil || c.Phase != dkg.Done {
		t.Errorf("the right answer: %v, %s", err, c.Phase)
	}
}

// TestOnlyDealersCauseComplaintsToBeDecoded has outsiders send justifications, which anyone can make by the thousand.
func TestOnlyDealersCauseComplaintsToBeDecoded(t *testing.T) {
	all, c := ceremonyWithComplaint(t)
	bogus := func(dealer int) []byte {
		return dkg.Justification{Session: c.Session.ID(), Dealer: dealer, Signature: make([]byte, 128)}.Encode()
	}
	unread := c.Clone()
	clear(unread.Responses)
	allocs := func(c *dkg.Ceremony) float64 { return testing.AllocsPerRun(20, func() { _ = c.Handle(bogus(4)) }) }
	if with, without := allocs(c), allocs(unread); with != without {
		t.Errorf("an outsider's justification costs %v allocations, and %v without responses", with, without)
	}
	if err := c.Handle(bogus(4)); !errors.Is(err, dkg.ErrUnexpected) {
		t.Errorf("from no dealer: %v", err)
	}
	if err := c.Handle(bogus(2)); err == nil || errors.Is(err, dkg.ErrUnexpected) {
		t.Errorf("unsigned, from a dealer without complaints: %v", err)
	}
	signed := dkg.Resign(t, all[2].Key, dkg.Justification{Session: c.Session.ID(), Dealer: 2})
	if err := c.Handle(signed); !errors.Is(err, dkg.ErrUnexpected) {
		t.Errorf("signed, from a dealer without complaints: %v", err)
	}
}

// TestComplaintsAreDecodedOnce counts the allocations of computing the qualified dealers when many members complain about many.
func TestComplaintsAreDecodedOnce(t *testing.T) {
	const n = 64
	c := dkg.New(dkg.Session{Threshold: quorum(n), Dealers: make([]dkg.PublicKey, n), Members: make([]dkg.PublicKey, n)})
	var everyone []int
	for i := range n {
		c.Deals[i], everyone = []byte{1}, append(everyone, i)
	}
	for i := range quorum(n) - 1 {
		c.Responses[i] = dkg.Response{Member: i, Complaints: everyone, Signature: make([]byte, 128)}.Encode()
	}
	if allocs := testing.AllocsPerRun(5, func() { _ = c.Qualified() }); allocs > 50*n {
		t.Errorf("%v allocations for %d members", allocs, n)
	}
	c.Phase = dkg.Justifying
	if !c.Awaits(dkg.PublicKey{}) {
		t.Error("a dealer with complaints below the threshold owes no answer")
	}
	c.Responses[n-1] = dkg.Response{Member: n - 1, Complaints: everyone, Signature: make([]byte, 128)}.Encode()
	if c.Awaits(dkg.PublicKey{}) {
		t.Error("a dealer with as many complaints as the threshold owes an answer")
	}
}

func TestInvalidComplaintsAreRejected(t *testing.T) {
	all := parties(4)
	c := dkg.New(fresh(all))
	runPhase(t, c, all, func(i int, message []byte) []byte {
		if i == 3 {
			return nil
		}
		return message
	})
	message, err := all[0].NextMessage(c)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *dkg.Response){
		"about no dealer":     func(r *dkg.Response) { r.Complaints = []int{7} },
		"of one that is away": func(r *dkg.Response) { r.Complaints = []int{3} },
		"in another's name":   func(r *dkg.Response) { r.Member = 1 },
	} {
		r, err := dkg.DecodeResponse(message)
		if err != nil {
			t.Fatal(err)
		}
		change(&r)
		if err := c.Clone().Handle(dkg.Resign(t, all[0].Key, r)); err == nil || errors.Is(err, dkg.ErrUnexpected) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestASignatureHasOneEncoding adds the group's order to a signature's scalar, which is the same scalar to kyber.
func TestASignatureHasOneEncoding(t *testing.T) {
	one, err := dkg.ParseScalar(append(make([]byte, 31), 1))
	if err != nil {
		t.Fatal(err)
	}
	minusOne, err := one.Clone().Neg(one).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	order := new(big.Int).SetBytes(minusOne)
	order.Add(order, big.NewInt(1))
	key, message := parties(1)[0].Key, []byte("message")
	signature, err := key.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := key.Public().Verify(message, signature); err != nil {
		t.Error(err)
	}
	for name, other := range map[string][]byte{"a byte less": signature[1:], "a byte more": append(bytes.Clone(signature), 0), "nothing": nil} {
		if key.Public().Verify(message, other) == nil {
			t.Errorf("a signature of %s is accepted", name)
		}
	}
	scalar := signature[len(signature)-32:]
	order.Add(order, new(big.Int).SetBytes(scalar)).FillBytes(scalar) // Below 2^256, as the order is below 2^255.
	if key.Public().Verify(message, signature) == nil {
		t.Error("a signature has two encodings")
	}
}

// TestEncodingsAreAsDocumented encodes messages as docs/protocol.md specifies.
func TestEncodingsAreAsDocumented(t *testing.T) {
	fill := func(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }
	join := func(parts ...any) (out []byte) {
		for _, part := range parts {
			switch p := part.(type) {
			case string:
				out = append(out, p...)
			case []byte:
				out = append(out, p...)
			case int:
				out = append(out, byte(p>>8), byte(p))
			}
		}
		return out
	}
	session := protocol.Hash(fill(1, 32))
	for want, got := range map[string][]byte{
		string(join("bitcraps/deal/01", session[:], 2, 1, fill(3, 96), 2, fill(4, 144), fill(5, 144), fill(6, 128))): dkg.Deal{Session: session, Dealer: 2,
			Commitments: []protocol.Point{protocol.Point(fill(3, 96))}, Sealed: [][]byte{fill(4, 144), fill(5, 144)}, Signature: fill(6, 128)}.Encode(),
		string(join("bitcraps/resp/01", session[:], 300, 2, 1, 7, fill(6, 128))): dkg.Response{Session: session, Member: 300, Complaints: []int{1, 7},
			Signature: fill(6, 128)}.Encode(),
		string(join("bitcraps/just/01", session[:], 2, 1, 7, fill(8, 32), fill(6, 128))): dkg.Justification{Session: session, Dealer: 2,
			Answers: []dkg.Answer{{Member: 7, Share: fill(8, 32)}}, Signature: fill(6, 128)}.Encode(),
	} {
		if want != string(got) {
			t.Errorf("%x, want %x", got, want)
		}
	}
	key := dkg.PublicKey(fill(9, 96))
	id := sha256.Sum256(join("bitcraps/cerem/1", session[:], fill(0, 6), 5, 1, 1, 1, 1, key[:], key[:], fill(7, 96)))
	got := dkg.Session{Chain: session, Epoch: 5, Threshold: 1, Dealers: []dkg.PublicKey{key}, Members: []dkg.PublicKey{key}, Old: [][]byte{fill(7, 96)}}.ID()
	if got != id {
		t.Errorf("session %x, want %x", got, id)
	}
}

// FuzzMessage feeds arbitrary bytes to a ceremony: nothing may panic, and every message has one encoding.
func FuzzMessage(f *testing.F) {
	all := parties(2)
	c := dkg.New(fresh(all))
	for c.Phase != dkg.Done {
		message, err := all[0].NextMessage(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(message)
		runPhase(f, c, all, nil)
	}
	j := dkg.Justification{Answers: []dkg.Answer{{Member: 1, Share: make([]byte, 32)}}}
	f.Add(dkg.Resign(f, all[0].Key, j))
	start := dkg.New(fresh(all))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = start.Clone().Handle(b)
		if d, err := dkg.DecodeDeal(b); err == nil && !bytes.Equal(d.Encode(), b) {
			t.Error("a deal has two encodings")
		}
		if r, err := dkg.DecodeResponse(b); err == nil && !bytes.Equal(r.Encode(), b) {
			t.Error("a response has two encodings")
		}
		if j, err := dkg.DecodeJustification(b); err == nil && !bytes.Equal(j.Encode(), b) {
			t.Error("a justification has two encodings")
		}
	})
}
