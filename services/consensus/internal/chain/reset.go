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

// Marker files in the data folder: the chain's data next to them can't be continued, so the next start removes it and uses state sync.
const (
	// overtakenFile is written by a validator that was away for longer than its peers keep blocks.
	overtakenFile = "overtaken"
	// joiningFile exists during state sync, until the validator has its first block. Before that, the application may have a state while
	// CometBFT has no matching one: a start from there would fail.
	joiningFile = "joining"
)

// chainData are the chain's files and folders in the data folder. The lock is not among them, and the sign state is outside the folder: it
// must survive a reset.
var chainData = []string{"application.db", stateDB + ".db", blockDB + ".db", "evidence.db", restoreDB + ".db",
	filepath.Base(walDir), filepath.Base(snapshotDir), filepath.Base(newChainFile)}

// fetchedPrefix begins the names of the folders in which CometBFT stores fetched chunks.
const fetchedPrefix = "tm-statesync"

// writeMarker writes a marker file with the reason why the data must be removed.
func writeMarker(home, name, reason string) error {
	path := filepath.Join(home, dataDir, name)
	return errors.Join(os.WriteFile(path, []byte(reason+"\n"), 0o600), syncFolder(filepath.Dir(path)))
}

// resetIfMarked removes the chain's data if there is a marker file. The marker is removed last, so that a start after a crash removes the
// rest.
func resetIfMarked(home string, logger *slog.Logger) error {
	for _, name := range []string{overtakenFile, joiningFile} {
		marker := filepath.Join(home, dataDir, name)
		reason, err := os.ReadFile(marker)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		telemetry.Audit(logger).Warn("the chain's data is removed, and will be restored from a snapshot", "note", name, "why", strings.TrimSpace(string(reason)))
		if err := resetData(filepath.Join(home, dataDir)); err != nil {
			return fmt.Errorf("the chain's data can't be removed: %w", err)
		}
		if err := os.Remove(marker); err != nil {
			return err
		}
	}
	return nil
}

// resetData removes the chain's data from a data folder, and syncs the folder so that the removal survives a power failure.
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

// beginStateSync writes the marker file if the validator has no state yet.
func (n *Node) beginStateSync() error {
	if n.stateSyncing = n.needsStateSync(); !n.stateSyncing {
		return nil
	}
	return writeMarker(n.home.dir, joiningFile, "an earlier start did not complete state sync")
}

// endStateSync removes the marker file once there is a block.
func (n *Node) endStateSync() {
	if !n.stateSyncing || n.blocks.Height() == 0 {
		return
	}
	if err := os.Remove(filepath.Join(n.home.dir, dataDir, joiningFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.logger.Warn("the marker of state sync can't be removed; the next start would sync again", "error", err)
		return
	}
	n.stateSyncing = false
}
