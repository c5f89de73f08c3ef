package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// fault is a fault that can be injected into one validator, and healed.
type fault struct {
	name string
	// down is true if the validator does not work at all, so that no second fault can be injected there.
	down bool
	// mute is true if the validator's votes reach no one, or are rejected. More than f such faults stop the chain.
	mute bool
	// isolates is true if the validator's votes for a block are not received by the others, or theirs not by it.
	isolates bool
	// fillsDisk is true if it needs a separate disk for the validator.
	fillsDisk bool
	// ruins is true if more than f of them stop the chain permanently.
	ruins bool
	// everywhere is true if all validators may have it at once, because it is a fault of the network.
	everywhere bool
	// equivocates is true if the validator signs conflicting messages. proven is true if the chain gets the proof in the end: it does not
	// for a twin, since a validator that has another one's vote is not sent a second one.
	equivocates, proven bool
	inject, heal        func(f *fleet, i int)
}

func crash(f *fleet, i int) { f.validators[i].kill() }

func start(f *fleet, i int) { f.start(i) }

func restart(f *fleet, i int) {
	crash(f, i)
	start(f, i)
}

// byzantine is a fault by which a validator sends wrong messages.
func byzantine(name string, begin, end func(*chain.Misbehavior)) fault {
	return fault{name: name,
		inject: func(f *fleet, i int) { f.misbehave(i, begin) }, heal: func(f *fleet, i int) { f.misbehave(i, end) }}
}

// provableEquivocation is an equivocation that the validator's own signatures prove.
func provableEquivocation(f fault) fault {
	f.equivocates, f.proven = true, true
	return f
}

// networkWide is a fault that may affect all validators at once.
func networkWide(f fault) fault {
	f.everywhere = true
	return f
}

// badShare is a fault by which the validator sends a wrong share and accepts it itself: it takes blocks for final that are not, can't
// recover their beacons, and votes for the next block. It is healed by a start from scratch with the right share, keeping the sign state
// and removing the data. If more than f validators have voted for the next block, too few are left to vote for the one before it.
func badShare(name, share string) fault {
	return fault{name: name, mute: true, ruins: true,
		inject: func(f *fleet, i int) { f.misbehave(i, func(l *chain.Misbehavior) { l.Share = share }) },
		heal: func(f *fleet, i int) {
			crash(f, i)
			data := filepath.Join(f.validators[i].cfg.Home, "data")
			// It starts at genesis: state sync would take longer than the matrix waits.
			if err := errors.Join(os.RemoveAll(data), os.Mkdir(data, 0o700), os.WriteFile(filepath.Join(data, "new"), nil, 0o600)); err != nil {
				f.t.Error(err)
			}
			start(f, i)
		}}
}

// isolating is a fault by which a validator's votes arrive only after their block is final, when they are ignored.
func isolating(f fault) fault {
	f.isolates = true
	return f
}

// linkFault is a fault of a validator's links.
func linkFault(name string, mute bool, change func(broken bool, l *link, out, in *direction)) fault {
	set := func(broken bool) func(*fleet, int) {
		return func(f *fleet, i int) {
			f.eachLink(i, func(l *link, out, in *direction) { change(broken, l, out, in) })
		}
	}
	return fault{name: name, mute: mute, isolates: mute, inject: set(true), heal: set(false)}
}

// faults are the faults that the matrix combines.
var faults = []fault{
	{name: "crash", down: true, mute: true, inject: crash, heal: start},
	{name: "pause", down: true, mute: true,
		inject: func(f *fleet, i int) { f.validators[i].signal(syscall.SIGSTOP) },
		heal:   func(f *fleet, i int) { f.validators[i].signal(syscall.SIGCONT) }},
	{name: "log cut short", down: true, mute: true, heal: start, inject: func(f *fleet, i int) {
		crash(f, i)
		f.damageLog(i, func(log []byte) []byte { return log[:max(0, len(log)-7)] })
	}},
	{name: "log overwritten", down: true, mute: true, heal: start, inject: func(f *fleet, i int) {
		crash(f, i)
		f.damageLog(i, func(log []byte) []byte {
			clear(log[max(0, len(log)-100):])
			return log
		})
	}},
	{name: "disk full", down: true, mute: true, fillsDisk: true,
		inject: func(f *fleet, i int) { f.disks[i].Fill(f.t) },
		heal: func(f *fleet, i int) { // An operator who makes room also restarts the validator.
			f.disks[i].FreeAll(f.t)
			restart(f, i)
		}},
	{name: "twin", equivocates: true, inject: (*fleet).twin, heal: func(f *fleet, _ int) { f.validators[len(f.validators)-1].kill() }},

	linkFault("cut", true, func(broken bool, l *link, _, _ *direction) { l.isCut = broken }),
	linkFault("partition", true, func(broken bool, _ *link, out, in *direction) { out.held, in.held = broken, broken }),
	linkFault("hears nobody", true, func(broken bool, _ *link, _, in *direction) { in.held = broken }),
	linkFault("heard by nobody", true, func(broken bool, _ *link, out, _ *direction) { out.held = broken }),
	isolating(networkWide(linkFault("slow", false, func(broken bool, _ *link, out, in *direction) {
		*out, *in = direction{}, direction{}
		if broken {
			out.delay, out.jitter = 200*time.Millisecond, 50*time.Millisecond
			*in = *out
		}
	}))),

	networkWide(byzantine("messages lost", func(l *chain.Misbehavior) { l.Lost = .1 }, func(l *chain.Misbehavior) { l.Lost = 0 })),
	networkWide(byzantine("messages doubled", func(l *chain.Misbehavior) { l.Doubled = .5 }, func(l *chain.Misbehavior) { l.Doubled = 0 })),
	networkWide(byzantine("messages late", func(l *chain.Misbehavior) { l.Late = .3 }, func(l *chain.Misbehavior) { l.Late = 0 })),
	byzantine("clock fast", func(l *chain.Misbehavior) { l.Clock = 10 * time.Second }, func(l *chain.Misbehavior) { l.Clock = 0 }),
	byzantine("clock slow", func(l *chain.Misbehavior) { l.Clock = -10 * time.Second }, func(l *chain.Misbehavior) { l.Clock = 0 }),
	badShare("wrong share", "wrong"),
	badShare("garbage for a share", "garbage"),
	badShare("no share", "none"),
	{name: "no precommit", mute: true,
		inject: func(f *fleet, i int) { f.misbehave(i, func(l *chain.Misbehavior) { l.Silent = true }) },
		heal:   restart}, // CometBFT does not retry a signer that failed.
	provableEquivocation(byzantine("votes twice", func(l *chain.Misbehavior) { l.Twice = true }, func(l *chain.Misbehavior) { l.Twice = false })),
	byzantine("censor", func(l *chain.Misbehavior) { l.Propose = "nothing" }, func(l *chain.Misbehavior) { l.Propose = "" }),
	byzantine("garbage proposed", func(l *chain.Misbehavior) { l.Propose = "garbage" }, func(l *chain.Misbehavior) { l.Propose = "" }),
}

// damageLog damages the log of a stopped validator.
func (f *fleet) damageLog(i int, damage func([]byte) []byte) {
	log, err := os.ReadFile(f.validators[i].wal())
	if err == nil {
		err = os.WriteFile(f.validators[i].wal(), damage(log), 0o600)
	}
	if err != nil {
		f.t.Error(err)
	}
}

// twin starts a second validator with the key and the share of a running one. The two do not know of each other, so they propose two
// blocks for one height, and vote for both.
func (f *fleet) twin(i int) {
	f.t.Helper()
	dir := filepath.Join(f.t.TempDir(), "twin")
	if err := chain.InitNetwork(dir, "a node key and no votes yet", 1, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	home := filepath.Join(dir, chain.ValidatorName(0))
	entries, err := os.ReadDir(f.validators[i].cfg.Home)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() || entry.Name() == "node_key.json" || entry.Name() == "validator_state.json" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(f.validators[i].cfg.Home, entry.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(home, entry.Name()), content, 0o600)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	rename(f.t, home)
	p := f.add(home, f.validators[i].cfg.IdentityFile, filepath.Join(dir, "log"))
	if err := p.start(); err != nil {
		f.t.Fatal(err)
	}
	f.pausePlay(true) // It would hardly catch up with a chain that runs at full speed.
	f.within(f.t, patience, "a twin that takes part or has halted", func() bool {
		var news Report
		return !p.runs() || p.call("Report", int64(0), &news) == nil && !news.Status.CatchingUp && len(news.Status.Connected) >= order.Quorum(f.n())
	})
	f.pausePlay(false)
}
