package order_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.dedis.ch/kyber/v4/util/random"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

const phaseTime = 10 * time.Second

// operator is the operator's key of every test chain.
var operator = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// validator is a validator of a test chain.
type validator struct {
	member order.Member
	key    dkg.SecretKey
	silent bool
}

var peers int

func newValidator() *validator {
	peers++
	p := &validator{key: dkg.NewSecretKey(random.New())}
	public, _, _ := ed25519.GenerateKey(nil)
	p.member = order.Member{Name: fmt.Sprint("peer-", peers), PublicKey: order.PublicKey(public), BeaconKey: p.key.Public(),
		NodeID: order.NodeID(order.PublicKey(public).Address()), Version: order.FirstVersion}
	return p
}

// network is a chain without networking: every block is executed, and its state is decoded again as after a restart.
type network struct {
	t      testing.TB
	peers  []*validator
	state  *state
	hash   protocol.Hash
	height int64
	now    time.Time
}

func newNetwork(t testing.TB, n int) *network {
	t.Helper()
	net := &network{t: t, state: newState(), now: time.Unix(1_000, 0).UTC()}
	var members []order.Member
	for range n {
		p := newValidator()
		net.peers = append(net.peers, p)
		members = append(members, p.member)
	}
	net.state.group = order.NewGroup(protocol.Hash{7}, order.PublicKey(operator.Public().(ed25519.PublicKey)), phaseTime, members)
	return net
}

// block executes a block, in which every transaction must have the result code.
func (n *network) block(want order.Code, txs ...[]byte) {
	n.t.Helper()
	n.height++
	n.now = n.now.Add(time.Millisecond)
	result, err := order.Execute(n.state, n.hash, order.Block{Height: n.height, Time: n.now, Txs: txs})
	if err != nil {
		n.t.Fatal(err)
	}
	for i, code := range result.Codes {
		if code != want {
			n.t.Fatalf("height %d: transaction %q is %d, want %d", n.height, txs[i][:min(len(txs[i]), 16)], code, want)
		}
	}
	text, err := json.Marshal(result.Group)
	if err != nil {
		n.t.Fatal(err)
	}
	stored := new(order.Group)
	if err := json.Unmarshal(text, stored); err != nil {
		n.t.Fatal(err)
	}
	if again, err := json.Marshal(stored); err != nil || string(again) != string(text) {
		n.t.Fatalf("a validator that restarted would hash another group: %v", err)
	}
	if unchanged := result.Group == n.state.group; unchanged != (result.Encoded == nil) || !unchanged && string(result.Encoded) != string(text) {
		n.t.Fatalf("the group is encoded as %s, and is %s", result.Encoded, text)
	}
	result.Group = stored
	n.state.apply(result)
	n.hash = result.AppHash
}

// share is a validator's share of the newest sharing.
func (n *network) share(p *validator) *threshold.Share {
	sharings := n.state.group.Sharings
	if len(sharings) == 0 {
		return nil
	}
	last := sharings[len(sharings)-1]
	i := order.IndexOf(last.Members, p.member.Address())
	if i < 0 {
		return nil
	}
	share, err := last.Ceremony.Share(p.key, i)
	if err != nil {
		return nil
	}
	return &share
}

// due are the messages of the ceremony that the validators which are not silent have to send.
func (n *network) due() (txs [][]byte) {
	for _, p := range n.peers {
		c := n.state.group.Ceremony
		if p.silent || c == nil {
			continue
		}
		message, err := dkg.Party{Key: p.key, Share: n.share(p)}.NextMessage(c.Ceremony)
		if err != nil && !errors.Is(err, dkg.ErrNoShare) {
			n.t.Fatal(err)
		}
		if message != nil {
			txs = append(txs, message)
		}
	}
	return txs
}

// step makes a block of the due messages, in varying order; if there are none, the phase times out.
func (n *network) step() {
	n.t.Helper()
	txs := n.due()
	if n.height%2 == 1 {
		slices.Reverse(txs)
	}
	c := n.state.group.Ceremony
	switch {
	case c.Phase == dkg.Done:
		n.block(order.Accepted, c.Sharing)
	case len(txs) > 0:
		n.block(order.Accepted, txs...)
	default:
		n.block(order.Accepted) // The timeout of the phase starts.
		n.now = n.now.Add(n.state.group.PhaseTime(n.state.group.Ceremony))
		n.block(order.Accepted, order.PhaseOver(n.state.group.Ceremony))
	}
}

// run runs the ceremony to its end.
func (n *network) run() {
	n.t.Helper()
	for range 50 {
		if n.state.group.Ceremony == nil {
			return
		}
		n.step()
	}
	n.t.Fatalf("the ceremony is still %s", n.state.group.Ceremony.Phase)
}

// sharing is the newest sharing.
func (n *network) sharing() protocol.Sharing {
	n.t.Helper()
	sharings := n.state.group.Sharings
	s, err := protocol.DecodeSharing(sharings[len(sharings)-1].Encoded)
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// signers counts the validators that have a share of the newest sharing, and fails unless these shares make a signature.
func (n *network) signers() int {
	n.t.Helper()
	s := n.sharing()
	var commitments [][]byte
	for _, c := range s.Commitments {
		commitments = append(commitments, c[:])
	}
	public, err := threshold.ParsePublic(commitments, len(s.Members))
	if err != nil {
		n.t.Fatal(err)
	}
	signatures := map[int][]byte{}
	for _, p := range n.peers {
		if share := n.share(p); share != nil {
			if signatures[share.Index()], err = share.Sign(n.height); err != nil {
				n.t.Fatal(err)
			}
		}
	}
	if _, err := public.Recover(n.height, signatures); err != nil {
		n.t.Fatal(err)
	}
	return len(signatures)
}

// signed is the transaction of a change, signed by the operator as the next one.
func (n *network) signed(c order.Change) []byte {
	chain, next := n.state.group.Chain, n.state.group.Sequence+1
	return c.Tx(chain, next, ed25519.Sign(operator, c.SignBytes(chain, next)))
}

func add(p *validator) order.Change {
	m := p.member
	return order.Change{Add: &m}
}

func remove(p *validator) order.Change {
	address := p.member.Address()
	return order.Change{Remove: &address}
}

// names are the names of the validators.
func (n *network) names() (names []string) {
	for _, m := range n.state.group.Members {
		names = append(names, m.Name)
	}
	return slices.Clip(names)
}
