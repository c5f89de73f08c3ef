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
	trimEvery = 100
)

// trimWAL removes the oldest full files of the log in a folder. It must not run while CometBFT opens the log: that happens
// between blocks.
func trimWAL(dir string) error {
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
