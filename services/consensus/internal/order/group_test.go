package order_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

func TestTheFirstKeyComesBeforeTheFirstRound(t *testing.T) {
	net := newNetwork(t, 4)
	round := protocol.Commitment{Round: 1}.Encode()
	net.block(order.Early, round)
	for net.state.group.Ceremony.Phase != dkg.Done {
		net.step()
	}
	net.block(order.Invalid, append(bytes.Clone(net.state.group.Ceremony.Sharing[:100]), net.state.group.Ceremony.Sharing[101:]...))
	net.step()
	if got := net.signers(); got != 4 || net.sharing().Epoch != 1 {
		t.Errorf("%d signers of epoch %d", got, net.sharing().Epoch)
	}
	if _, ok := net.state.group.SharingAt(net.height + 1); ok {
		t.Error("the sharing is in force at once")
	}
	if _, ok := net.state.group.SharingAt(net.height + 2); !ok {
		t.Error("the sharing is not in force")
	}
	net.block(order.Accepted, round)
}

func TestAPhaseEndsWhenItTimesOut(t *testing.T) {
	net := newNetwork(t, 4)
	net.peers[3].silent = true
	net.block(order.Accepted, net.due()...)
	over := order.PhaseOver(net.state.group.Ceremony)
	net.block(order.Unexpected, over)
	net.now = net.now.Add(phaseTime - 3e6)
	net.block(order.Unexpected, over)
	net.now = net.now.Add(3e6)
	net.block(order.Malformed, append(over, 0))
	net.block(order.Accepted, over)
	net.block(order.Unexpected, over)
	net.run()
	if got := net.signers(); got != 4 { // The silent one can decrypt its share too.
		t.Errorf("%d signers", got)
	}
}

func TestACeremonyOfTooFewStartsOver(t *testing.T) {
	net := newNetwork(t, 4)
	net.peers[2].silent, net.peers[3].silent = true, true
	for range 4 {
		net.step()
	}
	if net.state.group.Epoch < 2 || len(net.state.group.Sharings) > 0 {
		t.Fatalf("epoch %d", net.state.group.Epoch)
	}
	if got := net.state.group.PhaseTime(net.state.group.Ceremony); got <= phaseTime {
		t.Errorf("phases after a failure take %s, no longer than before", got)
	}
	net.peers[2].silent = false
	net.run()
	if net.sharing().Epoch < 2 {
		t.Error("an epoch was used twice")
	}
	net.signers()
}

func TestValidatorsAreAddedAndRemoved(t *testing.T) {
	net := newNetwork(t, 4)
	net.run()
	key := net.sharing().GroupKey()
	for step, change := range []func() order.Change{
		func() order.Change { net.peers = append(net.peers, newValidator()); return add(net.peers[4]) },
		func() order.Change { return remove(net.peers[0]) },
		func() order.Change { net.peers[1].silent = true; return remove(net.peers[1]) },
		func() order.Change { return remove(net.peers[4]) },
		func() order.Change { return remove(net.peers[2]) },
	} {
		before := net.names()
		net.block(order.Accepted, net.signed(change()))
		if !slices.Equal(net.names(), before) {
			t.Fatal("the validators changed before they have shares")
		}
		net.run()
		if s := net.sharing(); s.GroupKey() != key || len(s.Members) != len(net.names()) || s.Threshold() != order.Quorum(len(s.Members)) {
			t.Fatalf("step %d: %d members with the threshold %d", step, len(s.Members), s.Threshold())
		}
		// CometBFT has the new validators two blocks after the sharing.
		if got := net.state.group.MembersAt(net.height + 1); len(got) != len(before) || len(net.state.group.PendingChanges(net.height+1)) != 1 {
			t.Errorf("step %d: %d validators vote on the next block, pending: %v", step, len(got), net.state.group.PendingChanges(net.height+1))
		}
		if got := net.state.group.MembersAt(net.height + 2); len(got) != len(net.names()) || len(net.state.group.PendingChanges(net.height+2)) != 0 {
			t.Errorf("step %d: %d validators vote on the block after that", step, len(got))
		}
		if got := net.signers(); got != len(net.names()) {
			t.Errorf("step %d: %d of %v sign", step, got, net.names())
		}
	}
	if len(net.state.group.Sharings) != 2 {
		t.Errorf("%d sharings are kept", len(net.state.group.Sharings))
	}
}

// TestARefreshReplacesABadShare gives a valid share to a validator for which a dealer dealt wrongly while it was silent.
func TestARefreshReplacesABadShare(t *testing.T) {
	net := newNetwork(t, 4)
	net.peers[3].silent = true
	txs := net.due()
	d, err := dkg.DecodeDeal(txs[0])
	if err != nil {
		t.Fatal(err)
	}
	d.Sealed[3] = d.Sealed[2]
	body := d.Encode()[:len(txs[0])-128]
	sum := sha256.Sum256(body)
	signature, err := net.peers[0].key.Sign(sum[:])
	if err != nil {
		t.Fatal(err)
	}
	net.block(order.Accepted, append(body, signature...), txs[1], txs[2])
	net.run()
	key := net.sharing().GroupKey()
	if net.share(net.peers[3]) != nil || net.signers() != 3 {
		t.Fatal("an invalid share is accepted")
	}
	net.peers[3].silent = false
	net.block(order.Accepted, net.signed(order.Change{}))
	net.run()
	if net.signers() != 4 || net.sharing().GroupKey() != key || len(net.names()) != 4 {
		t.Errorf("%d of %v sign", net.signers(), net.names())
	}
}

func TestConcurrentChangesAreMadeInOrder(t *testing.T) {
	net := newNetwork(t, 4)
	net.run()
	first, second := newValidator(), newValidator()
	net.peers = append(net.peers, first, second)
	net.block(order.Accepted, net.signed(add(first)))
	net.step()
	net.block(order.Accepted, net.signed(add(second)))
	net.block(order.Accepted, net.signed(remove(net.peers[0])))
	if got := len(net.state.group.Pending); got != 2 {
		t.Fatalf("%d changes wait", got)
	}
	net.run()
	want := []string{net.peers[1].member.Name, net.peers[2].member.Name, net.peers[3].member.Name, first.member.Name, second.member.Name}
	if got := net.names(); !slices.Equal(got, want) {
		t.Errorf("validators are %v, want %v", got, want)
	}
	net.signers()
}

// TestANewcomerThatNeverStartsCanBeRemoved: a sharing among three validators needs all three of them.
func TestANewcomerThatNeverStartsCanBeRemoved(t *testing.T) {
	net := newNetwork(t, 2)
	net.run()
	newcomer := newValidator()
	net.block(order.Accepted, net.signed(add(newcomer)))
	for range 6 {
		net.step()
	}
	if len(net.names()) != 2 {
		t.Fatalf("validators are %v", net.names())
	}
	net.block(order.Accepted, net.signed(remove(newcomer)))
	net.run()
	if len(net.names()) != 2 || net.signers() != 2 {
		t.Errorf("validators are %v", net.names())
	}
}

// TestAFailedResharingKeepsItsChanges makes the new validator and two old ones silent for a while.
func TestAFailedResharingKeepsItsChanges(t *testing.T) {
	net := newNetwork(t, 4)
	net.run()
	newcomer := newValidator()
	net.peers = append(net.peers, newcomer)
	net.block(order.Accepted, net.signed(add(newcomer)))
	for _, p := range net.peers[2:] {
		p.silent = true
	}
	for range 3 {
		net.step()
	}
	if len(net.names()) != 4 || net.state.group.Epoch < 3 {
		t.Fatalf("%v at epoch %d", net.names(), net.state.group.Epoch)
	}
	for _, p := range net.peers {
		p.silent = false
	}
	net.run()
	if len(net.names()) != 5 || net.signers() != 5 {
		t.Errorf("validators are %v", net.names())
	}
}

func TestInvalidChangesAreRejected(t *testing.T) {
	net := newNetwork(t, 2)
	early := net.signed(remove(net.peers[0]))
	net.block(order.Unexpected, early)
	net.run()
	outsider, twin := newValidator(), newValidator()
	twin.member.BeaconKey = net.peers[0].member.BeaconKey
	namesake := newValidator()
	namesake.member.Name = net.peers[0].member.Name
	nameless, bad := newValidator(), newValidator()
	nameless.member.Name = ""
	bad.member.BeaconKey = dkg.PublicKey{1}
	neighbour, nowhere := newValidator(), newValidator()
	neighbour.member.NodeID, nowhere.member.NodeID = net.peers[0].member.NodeID, order.NodeID{}
	good := net.signed(add(outsider))
	forged := bytes.Clone(good)
	forged[len(forged)-1]++
	other := remove(net.peers[0]).SignBytes(protocol.Hash{8}, 1)
	other = append(other, ed25519.Sign(operator, other)...)
	skipped := add(outsider).SignBytes(net.state.group.Chain, 2)
	for name, tc := range map[string]struct {
		tx   []byte
		want order.Code
	}{
		"forged":             {forged, order.Invalid},
		"another chain":      {other, order.Invalid},
		"out of turn":        {append(skipped, ed25519.Sign(operator, skipped)...), order.Unexpected},
		"remove an outsider": {net.signed(remove(outsider)), order.Invalid},
		"same beacon key":    {net.signed(add(twin)), order.Invalid},
		"same name":          {net.signed(add(namesake)), order.Invalid},
		"same node":          {net.signed(add(neighbour)), order.Invalid},
		"no node":            {net.signed(add(nowhere)), order.Invalid},
		"no name":            {net.signed(add(nameless)), order.Invalid},
		"a false key":        {net.signed(add(bad)), order.Invalid},
		"cut":                {good[:len(good)-1], order.Malformed},
		"longer":             {append(bytes.Clone(good), 0), order.Malformed},
		"of no known kind":   {append(append(bytes.Clone(good[:56]), 4), good[57:]...), order.Malformed},
		"a body too many":    {append(append(bytes.Clone(good[:56]), 3), good[57:]...), order.Malformed},
		"no body":            {append(bytes.Clone(good[:57]), make([]byte, 64)...), order.Malformed},
	} {
		net.t = t
		t.Run(name, func(t *testing.T) {
			net.t = t
			net.block(tc.want, tc.tx)
		})
	}
	net.t = t
	net.peers = append(net.peers, outsider)
	net.block(order.Accepted, good)
	net.block(order.Unexpected, good)
	net.run()
	net.block(order.Accepted, net.signed(remove(outsider)))
	net.run()
	net.block(order.Accepted, net.signed(remove(net.peers[0])))
	net.run()
	net.block(order.Invalid, net.signed(remove(net.peers[1])))
}

// TestNodesAreMembersWhileTheyMayVote adds a validator and removes another one.
func TestNodesAreMembersWhileTheyMayVote(t *testing.T) {
	net := newNetwork(t, 2)
	leaves, comes := net.peers[0], newValidator()
	named := func(when string, left, came bool) {
		t.Helper()
		for p, want := range map[*validator]bool{leaves: left, comes: came, net.peers[1]: true} {
			if got := net.state.group.HasNode(p.member.NodeID, net.height+1); got != want {
				t.Errorf("%s: %s is a member: %v", when, p.member.Name, got)
			}
		}
	}
	named("at genesis", true, false)
	net.run()
	named("with a key", true, false)
	net.peers = append(net.peers, comes)
	net.block(order.Accepted, net.signed(add(comes)))
	named("in the ceremony", true, true)
	net.block(order.Accepted, net.signed(remove(leaves)))
	named("before the next one", true, true)
	net.run()
	for range 2 { // The sharing comes into force two blocks later.
		net.block(order.Accepted)
	}
	named("after it", false, true)
}

// TestEncodingsAreAsDocumented encodes transactions as docs/protocol.md specifies.
func TestEncodingsAreAsDocumented(t *testing.T) {
	fill := func(b byte, n int) string { return strings.Repeat(string([]byte{b}), n) }
	chain, address := protocol.Hash([]byte(fill(1, 32))), protocol.Address([]byte(fill(4, 20)))
	member := order.Member{Name: "x1", PublicKey: order.PublicKey([]byte(fill(2, 32))), BeaconKey: dkg.PublicKey([]byte(fill(3, 96))),
		NodeID: order.NodeID([]byte(fill(5, 20)))}
	head := "bitcraps/chng/01" + fill(1, 32) + "\x00\x00\x00\x00\x00\x00\x01\x02"
	for want, c := range map[string]order.Change{
		head + "\x01\x02x1" + fill(2, 32) + fill(3, 96) + fill(5, 20): {Add: &member},
		head + "\x02" + fill(4, 20):                                   {Remove: &address},
		head + "\x03":                                                 {},
	} {
		if got := string(c.Tx(chain, 258, nil)); got != want {
			t.Errorf("%x, want %x", got, want)
		}
	}
	tx, err := order.Announcement(chain, address, 258, newValidator().key)
	if want := "bitcraps/vers/01" + fill(1, 32) + fill(4, 20) + "\x00\x00\x01\x02"; err != nil || string(tx[:len(want)]) != want || len(tx) != len(want)+128 {
		t.Errorf("%x, %v", tx, err)
	}
	c := newNetwork(t, 1).state.group.Ceremony
	id := c.Session.ID()
	if want := "bitcraps/over/01" + string(id[:]) + "\x01"; string(order.PhaseOver(c)) != want {
		t.Errorf("%x, want %x", order.PhaseOver(c), want)
	}
}

func TestOffendersAreExpelled(t *testing.T) {
	net := newNetwork(t, 4)
	net.run()
	offender := net.peers[2].member.Address()
	before := net.hash
	execute := func(offenders ...protocol.Address) {
		net.height++
		result, err := order.Execute(net.state, net.hash, order.Block{Height: net.height, Time: net.now, Offenders: offenders})
		if err != nil {
			t.Fatal(err)
		}
		net.state.apply(result)
		net.hash = result.AppHash
	}
	execute(protocol.Address{9})
	if net.hash != before {
		t.Error("an address that is not a validator's was expelled")
	}
	execute(offender, offender)
	if net.hash == before {
		t.Error("the application hash does not bind who is expelled")
	}
	net.run()
	if names := net.names(); len(names) != 3 || slices.Contains(names, net.peers[2].member.Name) {
		t.Errorf("validators are %v", names)
	}
}

func TestTheVersionIsTheLowestOfAll(t *testing.T) {
	net := newNetwork(t, 3)
	net.run()
	announce := func(i int, version uint32) []byte {
		tx, err := order.Announcement(net.state.group.Chain, net.peers[i].member.Address(), version, net.peers[i].key)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	net.block(order.Unexpected, announce(0, 1))
	net.block(order.Accepted, announce(0, 3), announce(1, 2))
	if net.state.group.Version != 1 {
		t.Errorf("version %d, while one validator supports only 1", net.state.group.Version)
	}
	forged := announce(2, 2)
	forged[tagBytes+32+20+3] = 3
	net.block(order.Invalid, forged)
	net.block(order.Malformed, forged[:len(forged)-1])
	net.block(order.Accepted, announce(2, 4))
	if net.state.group.Version != 2 {
		t.Errorf("version %d, want 2", net.state.group.Version)
	}
	net.block(order.Unexpected, announce(0, 2))
	net.block(order.Accepted, net.signed(remove(net.peers[1])))
	net.run()
	if net.state.group.Version != 3 {
		t.Errorf("version %d after the slowest was removed, want 3", net.state.group.Version)
	}
}

// TestAValidatorAnnouncesOnceInABlock has a validator announce several versions in one block.
func TestAValidatorAnnouncesOnceInABlock(t *testing.T) {
	net := newNetwork(t, 2)
	announce := func(i int, version uint32) []byte {
		tx, err := order.Announcement(net.state.group.Chain, net.peers[i].member.Address(), version, net.peers[i].key)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	forged := announce(0, 4)
	forged[len(forged)-1]++
	// The first has an invalid signature, and does not count as an announcement; the last would be Invalid if its signature were verified.
	txs := [][]byte{forged, announce(0, 2), announce(0, 3), announce(1, 2), forged}
	result, err := order.Execute(net.state, net.hash, order.Block{Height: 1, Time: net.now, Txs: txs})
	if err != nil {
		t.Fatal(err)
	}
	want := []order.Code{order.Invalid, order.Accepted, order.Unexpected, order.Accepted, order.Unexpected}
	if !slices.Equal(result.Codes, want) {
		t.Errorf("codes are %v, want %v", result.Codes, want)
	}
	net.block(order.Accepted, announce(0, 2))
	net.block(order.Accepted, announce(0, 3))
}

const tagBytes = 16

// FuzzTransaction executes arbitrary bytes in the middle of a ceremony: nothing may panic, and a rejected transaction changes
// nothing.
func FuzzTransaction(f *testing.F) {
	net := newNetwork(f, 2)
	net.run()
	newcomer := newValidator()
	net.peers = append(net.peers, newcomer)
	f.Add(net.signed(add(newcomer)))
	longest := newValidator() // Its name is too long, which only the decoder has seen at that point.
	longest.member.Name = strings.Repeat("n", math.MaxUint8)
	f.Add(net.signed(add(longest)))
	net.block(order.Accepted, net.signed(remove(net.peers[1])))
	for _, tx := range net.due() {
		f.Add(tx)
	}
	f.Add(order.PhaseOver(net.state.group.Ceremony))
	f.Add(net.state.group.Sharings[0].Encoded)
	f.Add(protocol.Commitment{Round: 1}.Encode())
	if tx, err := order.Announcement(net.state.group.Chain, net.peers[0].member.Address(), 2, net.peers[0].key); err == nil {
		f.Add(tx)
	}
	without, err := order.Execute(net.state, net.hash, order.Block{Height: net.height + 1, Time: net.now})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, tx []byte) {
		result, err := order.Execute(net.state, net.hash, order.Block{Height: net.height + 1, Time: net.now, Txs: [][]byte{tx}})
		if err != nil {
			t.Fatal(err)
		}
		if (result.AppHash == without.AppHash) != (result.Codes[0] != order.Accepted) {
			t.Errorf("code %d, and the hash is %x, without the transaction %x", result.Codes[0], result.AppHash, without.AppHash)
		}
	})
}

// TestOffendersBeforeTheKeyAreExpelled has a validator equivocate while the first key is generated, also if that fails and starts over.
// It takes part to the end, and is not a validator after the next sharing.
func TestOffendersBeforeTheKeyAreExpelled(t *testing.T) {
	for name, fails := range map[string]bool{"the first ceremony succeeds": false, "the first ceremony fails": true} {
		t.Run(name, func(t *testing.T) {
			net := newNetwork(t, 4)
			offender := net.peers[2].member
			net.height++
			result, err := order.Execute(net.state, net.hash, order.Block{Height: net.height, Time: net.now, Offenders: []protocol.Address{offender.Address()}})
			if err != nil {
				t.Fatal(err)
			}
			net.state.apply(result)
			net.hash = result.AppHash
			if fails {
				net.peers[0].silent, net.peers[1].silent = true, true
				for net.state.group.Epoch == 1 {
					net.step()
				}
				net.peers[0].silent, net.peers[1].silent = false, false
			}
			for len(net.state.group.Sharings) == 0 {
				net.step()
			}
			first := net.sharing()
			if len(first.Members) != 4 {
				t.Errorf("the first sharing has %d members", len(first.Members))
			}
			net.run()
			if names := net.names(); len(names) != 3 || slices.Contains(names, offender.Name) {
				t.Errorf("validators are %v", names)
			}
			if net.sharing().GroupKey() != first.GroupKey() {
				t.Error("the key changed")
			}
		})
	}
}
