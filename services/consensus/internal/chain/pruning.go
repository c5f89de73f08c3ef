package chain

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

const (
	// walFiles is how many full files of CometBFT's write-ahead log are kept, of 10 MB each, besides the current one. A validator that
	// restarts reads only the messages since the last block; CometBFT itself would keep 1 GB.
	walFiles = 2
	// pruneLogInterval is the number of blocks between two prunings of the log.
	pruneLogInterval = 100
)

// pruneLog prunes the write-ahead log every pruneLogInterval blocks.
func (a *app) pruneLog(height int64) {
	if a.wal == "" || height%pruneLogInterval != 0 {
		return
	}
	if err := pruneWAL(a.wal); err != nil {
		a.logger.Warn("old files of the log can't be removed", "error", err)
	}
}

// retainHeight returns the first block to keep; 0 keeps all. It prunes no block that the beacon collector still has to read: it reads the
// two before its next height.
func (a *app) retainHeight() int64 {
	if a.retain == 0 {
		return 0
	}
	return max(0, min(a.tip().Height-a.retain+1, a.collected()-1))
}

// pruneWAL removes the oldest full files of the log in a folder. It must not run while CometBFT opens the log, which happens between
// blocks.
func pruneWAL(dir string) error {
	full, err := filepath.Glob(filepath.Join(dir, "wal.[0-9]*"))
	if err != nil {
		return err
	}
	// The numbers in their names have three digits or more.
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
