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

// ErrDiverged means that this validator computed another state than the others.
var ErrDiverged = errors.New("this validator's state differs from what the others decided, and it signs nothing more: " +
	"move its data folder away for those who look for the cause, keep the other files of the home, and start again; it fetches the chain from its peers")

// fate is what ended a validator that must not go on.
type termination struct {
	once sync.Once
	done chan struct{}
	err  error
}

func newTermination() *termination { return &termination{done: make(chan struct{})} }

func (f *termination) end(err error) {
	f.once.Do(func() { f.err = err; close(f.done) })
}

// cause is why the validator must not go on; nil as long as it may.
func (f *termination) cause() error {
	select {
	case <-f.done:
		return f.err
	default:
		return nil
	}
}

// halt ends the validator's part in consensus, loudly. A state that diverged stays so, and is not opened again: CometBFT
// would panic over its log.
func (n *Node) halt(err error) {
	n.termination.end(err)
	n.logger.Error("the validator has halted", "error", err)
	if errors.Is(err, ErrDiverged) {
		if err := os.WriteFile(filepath.Join(n.home.dir, dataDir, divergedFile), []byte(err.Error()+"\n"), 0o600); err != nil {
			n.logger.Error("the halt can't be noted in the data folder", "error", err)
		}
	}
}

// divergedFile is what halt leaves in the data folder.
const divergedFile = "diverged"

// checkDiverged fails where an earlier process found that this data is not the chain's.
func checkDiverged(home string) error {
	if _, err := os.Stat(filepath.Join(home, dataDir, divergedFile)); err == nil {
		return ErrDiverged
	}
	return nil
}

// Halted returns why the validator must not go on; nil as long as it may.
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

// overheard ends the validator where CometBFT's log says that it can't go on; it has no other way to say so. When a
// block does not follow from this validator's state although two thirds signed it, consensus ends with a failure, and
// fetching blocks blames one peer after the other, for ever.
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

// What CometBFT logs where consensus ends, and where a fetched block does not fit.
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
