package chain

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// ErrDiverged means that this validator computed a different state than the others.
var ErrDiverged = errors.New("this validator's state differs from what the others decided, and it signs nothing more: " +
	"move its data folder away for the analysis of the cause, keep the other files of the home, and start again; it fetches the chain from its peers")

// termination records why a validator must not continue.
type termination struct {
	once sync.Once
	done chan struct{}
	err  error
}

func newTermination() *termination { return &termination{done: make(chan struct{})} }

func (f *termination) end(err error) {
	f.once.Do(func() { f.err = err; close(f.done) })
}

// cause returns why the validator must not continue; nil as long as it may.
func (f *termination) cause() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// halt ends the validator's part in consensus with an error. A diverged state is marked so that it is not opened again: CometBFT would
// panic when it replays its log.
func (n *Node) halt(err error) {
	n.termination.end(err)
	n.logger.Error("the validator has halted", "error", err)
	if errors.Is(err, ErrDiverged) {
		if err := os.WriteFile(filepath.Join(n.home.dir, dataDir, divergedFile), []byte(err.Error()+"\n"), 0o600); err != nil {
			n.logger.Error("the halt can't be recorded in the data folder", "error", err)
		}
	}
}

// divergedFile is the marker file that halt writes to the data folder.
const divergedFile = "diverged"

// checkDiverged fails if an earlier process found that this data differs from the chain's.
func checkDiverged(home string) error {
	if _, err := os.Stat(filepath.Join(home, dataDir, divergedFile)); err == nil {
		return ErrDiverged
	}
	return nil
}

// Halted returns why the validator must not continue; nil as long as it may.
func (n *Node) Halted() error { return n.termination.cause() }

// Wait returns when the validator halts or is stopped.
func (n *Node) Wait() error {
	select {
	case <-n.termination.done:
		return n.termination.err
	case <-n.stop:
		return nil
	}
}

// onCometError halts the validator if CometBFT logs that it can't continue: its log is the only place where it reports that. If a block
// does not follow from this validator's state although two thirds signed it, consensus ends with a failure, and block sync blames one
// peer after the other, forever.
func (n *Node) onCometError(msg string, keyvals []any) {
	if msg != consensusFailed && msg != syncFailed {
		return
	}
	text := fmt.Sprint(keyvals...)
	switch {
	case slices.ContainsFunc(divergences, func(field string) bool { return strings.Contains(text, "wrong Block.Header."+field) }):
		n.halt(ErrDiverged)
	case msg == consensusFailed:
		n.halt(fmt.Errorf("consensus failed: %s", firstLine(text)))
	}
}

// What CometBFT logs when consensus fails, and when a fetched block is invalid.
const (
	consensusFailed = "CONSENSUS FAILURE!!!"
	syncFailed      = "Error in validation"
)

// divergences are the fields of a header that follow from the state before the block.
var divergences = []string{"AppHash", "LastResultsHash", "ValidatorsHash", "NextValidatorsHash"}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
