package chain

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	// walFiles is how many full files of CometBFT's log are kept beside the one that it writes, of 10 MB each. A validator
	// that restarts reads the messages since the last block; CometBFT itself would keep 1 GB.
	walFiles = 2
	// trimEvery is after how many blocks full files are looked for.
	pruneLogInterval = 100
)

// trim removes what blocks up to a height have left in the log, from time to time.
func (a *app) pruneLog(height int64) {
	if a.wal == "" || height%pruneLogInterval != 0 {
		return
	}
	if err := pruneWAL(a.wal); err != nil {
		a.logger.Warn("old files of the log can't be removed", "error", err)
	}
}

// retainHeight is the first block that is kept: one of the latest, and none that the collector still has to read, which looks at
// the two before its next one.
func (a *app) retainHeight() int64 {
	if a.retain == 0 {
		return 0
	}
	return max(0, min(a.tip().Height-a.retain+1, a.collected()-1))
}

// trimWAL removes the oldest full files of the log in a folder. It must not run while CometBFT opens the log: that happens
// between blocks.
func pruneWAL(dir string) error {
	full, err := filepath.Glob(filepath.Join(dir, "wal.[0-9]*"))
	if err != nil {
		return err
	}
	// Their numbers have at least three digits.
	slices.SortFunc(full, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	for i := 0; i+walFiles < len(full); i++ {
		if err := os.Remove(full[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
