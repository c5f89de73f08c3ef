package chain

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// Notes in the data folder that say that what else is in there leads nowhere: the next start drops it, and joins.
const (
	// overtakenFile is what a validator leaves that was away for longer than its peers keep blocks.
	overtakenFile = "overtaken"
	// joiningFile is there until a validator that joins has its first block. Before, the application has a state and CometBFT
	// has none to go with it: a start from there would fail.
	joiningFile = "joining"
)

// chainData is what the chain has in the data folder. The lock is not, and the sign state lies beside the folder: it must
// outlive everything in there.
var chainData = []string{"application.db", stateDB + ".db", blockDB + ".db", "evidence.db", restoreDB + ".db",
	filepath.Base(walDir), filepath.Base(snapshotDir), filepath.Base(newChainFile)}

// fetchedPrefix begins the names of CometBFT's folders of chunks that it fetches.
const fetchedPrefix = "tm-statesync"

// leaveNote writes why the data is to be dropped.
func writeMarker(home, name, why string) error {
	path := filepath.Join(home, dataDir, name)
	return errors.Join(os.WriteFile(path, []byte(why+"\n"), 0o600), syncFolder(filepath.Dir(path)))
}

// dropNoted drops the chain's data where a note says so. The note goes last, so that a start behind a crash drops the rest.
func resetIfMarked(home string, logger *slog.Logger) error {
	for _, name := range []string{overtakenFile, joiningFile} {
		note := filepath.Join(home, dataDir, name)
		why, err := os.ReadFile(note)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		telemetry.Audit(logger).Warn("the chain's data is dropped, and comes back by a snapshot", "note", name, "why", strings.TrimSpace(string(why)))
		if err := resetData(filepath.Join(home, dataDir)); err != nil {
			return fmt.Errorf("the chain's data can't be dropped: %w", err)
		}
		if err := os.Remove(note); err != nil {
			return err
		}
	}
	return nil
}

// dropData removes what the chain has in a data folder, and sees to it that it stays so through a power failure.
func resetData(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(chainData, entry.Name()) || strings.HasPrefix(entry.Name(), fetchedPrefix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	return errors.Join(err, syncFolder(dir))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// beginJoining notes that the validator has no state yet.
func (n *Node) beginStateSync() error {
	if n.stateSyncing = n.needsStateSync(); !n.stateSyncing {
		return nil
	}
	return writeMarker(n.home.dir, joiningFile, "a start before this one had not joined")
}

// endJoining takes the note back once there is a block to go on from.
func (n *Node) endStateSync() {
	if !n.stateSyncing || n.blocks.Height() == 0 {
		return
	}
	if err := os.Remove(filepath.Join(n.home.dir, dataDir, joiningFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.logger.Warn("the note of joining can't be removed; the next start would join again", "error", err)
		return
	}
	n.stateSyncing = false
}
