// Package dirlock keeps two processes of one machine from running on the same folder.
package dirlock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// file is what is locked within the folder.
const file = "lock"

// ErrLocked means that another process has the folder.
var ErrLocked = errors.New("another process runs on it")

// Acquire takes a folder, which it makes where there is none, for this process. The operating system releases it whatever way
// the process ends.
func Acquire(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, file), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}
