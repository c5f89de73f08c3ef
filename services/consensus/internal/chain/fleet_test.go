package chain_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// reportContext is for reading the local store; it is never cancelled.
var reportContext = context.Background()

// fleet is a chain whose validators are separate processes, with a link between each two. A player submits rounds all the time, and
// a watcher compares what each validator reports with what was reported before.
type fleet struct {
	t          testing.TB
	validators []*process
	links      map[[2]int]*link // By dialler and target.
	disks      []*disk
	stop       chan struct{}
	endOnce    sync.Once
	background sync.WaitGroup

	mu          sync.Mutex
	key         string // The group key in hex, as first reported.
	paused      bool   // No new rounds are played.
	rounds      uint64
	pending     map[order.Round][][]byte // Submitted, and not decided anywhere yet.
	decided     map[order.Round]chain.Decision
	lifetimes   []*lifetime // By validator, what it reported since its last start.
	misbehavior []chain.Misbehavior
	problems    []string
}

// lifetime is what a validator reported since it was started.
type lifetime struct {
	known  map[order.Round]bool
	height int64
	proven int
}

// newFleet starts n validators. Each has a separate disk if the user may mount one.
func newFleet(t testing.TB, n int) *fleet {
	t.Helper()
	f := &fleet{t: t, links: map[[2]int]*link{}, stop: make(chan struct{}), pending: map[order.Round][][]byte{},
		decided: map[order.Round]chain.Decision{}, lifetimes: make([]*lifetime, n), misbehavior: make([]chain.Misbehavior, n)}
	dir := t.TempDir()
	if err := chain.InitNetwork(dir, "bitcraps-test", n, time.Now()); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		home := filepath.Join(dir, chain.ValidatorName(i))
		if disk := newDisk(t); disk != nil {
			f.disks = append(f.disks, disk)
			if err := os.CopyFS(filepath.Join(disk.Dir, "home"), os.DirFS(home)); err != nil {
				t.Fatal(err)
			}
			home = filepath.Join(disk.Dir, "home")
		}
		f.add(home, chain.IdentityFile(filepath.Join(dir, chain.ValidatorName(i))), filepath.Join(dir, fmt.Sprintf("log-%d", i)))
	}
	t.Cleanup(f.end)
	for i := range n {
		f.start(i)
	}
	f.background.Go(f.play)
	for i := range n {
		f.background.Go(func() { f.watch(i) })
	}
	return f
}

// add adds a validator, which dials all earlier ones.
func (f *fleet) add(home, identity, log string) *process {
	f.t.Helper()
	i := len(f.validators)
	p := &process{log: log, cfg: chain.Config{Home: home, IdentityFile: identity, Listen: testserver.FreeAddress(f.t), ProposeTimeout: 150 * time.Millisecond, GossipSleep: 3 * time.Millisecond}}
	for j, other := range f.validators {
		id, err := chain.PeerID(other.cfg.Home)
		if err != nil {
			f.t.Fatal(err)
		}
		l := newLink(f.t, other.cfg.Listen)
		f.links[[2]int{i, j}] = l
		p.cfg.Peers = append(p.cfg.Peers, id+"@"+l.address())
	}
	if i == 0 { // It dials no one; without an explicit empty list the home's peers would be used.
		p.cfg.Peers = []string{}
	}
	f.validators = append(f.validators, p)
	return p
}

// start starts a validator, and has the watcher read all of its decisions again.
func (f *fleet) start(i int) {
	f.t.Helper()
	f.mu.Lock()
	f.lifetimes[i] = &lifetime{known: map[order.Round]bool{}}
	f.misbehavior[i] = chain.Misbehavior{} // It starts as an honest validator.
	f.mu.Unlock()
	if err := f.validators[i].start(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) end() {
	f.endOnce.Do(func() {
		close(f.stop)
		for _, p := range f.validators {
			p.kill()
		}
		f.background.Wait()
	})
}

// n is the number of validators, without twins.
func (f *fleet) n() int { return len(f.lifetimes) }

// play submits rounds, each to one validator, and every fifth in two versions to two. Those that are not decided are resubmitted to
// other validators.
func (f *fleet) play() {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for beat := 0; ; beat++ {
		select {
		case <-tick.C:
		case <-f.stop:
			return
		}
		f.mu.Lock()
		if len(f.pending) < maxPending && !f.paused {
			f.submitLocked()
		}
		var again [][]byte
		if beat%20 == 0 {
			for _, versions := range f.pending {
				again = append(again, versions...)
			}
		}
		f.mu.Unlock()
		for _, tx := range again {
			_ = f.validators[rand.IntN(f.n())].call("Submit", tx, &struct{}{})
		}
	}
}

// maxPending bounds the rounds in flight.
const maxPending = 20

// submit submits one more round and returns it.
func (f *fleet) submit() order.Round {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.submitLocked()
}

func (f *fleet) submitLocked() order.Round {
	f.rounds++
	c := protocol.Commitment{Round: 1} // Each round is of another game, since those of one game are decided one after the other.
	binary.BigEndian.PutUint64(c.Game[:], f.rounds)
	versions := [][]byte{c.Encode()}
	if f.rounds%5 == 0 {
		c.BetCount++
		versions = append(versions, c.Encode())
	}
	f.pending[order.RoundOf(c)] = versions
	first := rand.IntN(f.n())
	for k, tx := range versions {
		p := f.validators[(first+k)%f.n()]
		f.background.Go(func() { _ = p.call("Submit", tx, &struct{}{}) })
	}
	return order.RoundOf(c)
}

// watch polls a validator's reports.
func (f *fleet) watch(i int) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-f.stop:
			return
		}
		f.mu.Lock()
		now := f.lifetimes[i]
		from := now.height + 1
		f.mu.Unlock()
		var news Report
		if err := f.validators[i].call("Report", from, &news); err != nil {
			continue
		}
		f.compare(i, now, news)
	}
}

// compare compares a validator's report with earlier ones of all, and verifies the first decision on a round under the group key.
func (f *fleet) compare(i int, now *lifetime, news Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, violation := range news.Violations {
		f.problem("validator %d: %s", i, violation)
	}
	now.proven, f.key = news.DoubleVotes, cmp.Or(f.key, news.GroupKey)
	if news.GroupKey != "" && news.GroupKey != f.key {
		f.problem("validator %d has the group key %s, another one %s", i, news.GroupKey, f.key)
	}
	for _, d := range news.Decisions {
		round := order.RoundOf(d.Commitment)
		now.known[round], now.height = true, max(now.height, d.Height)
		before, ok := f.decided[round]
		if !ok {
			f.decided[round] = d
			delete(f.pending, round)
			if err := verifyBeacon(f.key, d); err != nil {
				f.problem("validator %d: round %d: %v", i, round.Number, err)
			}
			continue
		}
		if before.Ordered != d.Ordered || string(before.Signature) != string(d.Signature) {
			f.problem("validator %d decided %+v, another one %+v", i, d, before)
		}
	}
}

func (f *fleet) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// height is the height of the latest decision that any validator reported.
func (f *fleet) height() (height int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lifetimes {
		height = max(height, l.height)
	}
	return height
}

// proven reports whether each of the validators has seen evidence of a double vote in a block.
func (f *fleet) proven(validators ...int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !slices.ContainsFunc(validators, func(i int) bool { return f.lifetimes[i].proven == 0 })
}

// knows reports whether the validators know the decision on a round.
func (f *fleet) knows(round order.Round, validators ...int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range validators {
		if !f.lifetimes[i].known[round] {
			return false
		}
	}
	return true
}

// settled reports whether every round is decided, and each of the validators knows the decision.
func (f *fleet) settled(validators ...int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !slices.ContainsFunc(validators, func(i int) bool { return uint64(len(f.lifetimes[i].known)) < f.rounds })
}

// pausePlay pauses or resumes the player.
func (f *fleet) pausePlay(rests bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.paused = rests
}

// misbehave changes a validator's misbehavior.
func (f *fleet) misbehave(i int, change func(*chain.Misbehavior)) {
	f.mu.Lock()
	change(&f.misbehavior[i])
	misbehavior := f.misbehavior[i]
	f.mu.Unlock()
	if err := f.validators[i].call("SetMisbehavior", misbehavior, &struct{}{}); err != nil {
		f.problem("validator %d can't be made to misbehave: %v", i, err)
	}
}

// eachLink changes all links of a validator, with the directions out of it and into it.
func (f *fleet) eachLink(i int, change func(l *link, out, in *direction)) {
	for ends, l := range f.links {
		switch i {
		case ends[0]:
			l.set(func() { change(l, &l.there, &l.back) })
		case ends[1]:
			l.set(func() { change(l, &l.back, &l.there) })
		}
	}
}
