package dirlock_test

import (
	"errors"
	"testing"

	"github.com/bitcraps/bitcraps/libs/dirlock"
)

func TestFolderIsLockedOnce(t *testing.T) {
	dir := t.TempDir()
	release, err := dirlock.Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dirlock.Acquire(dir); !errors.Is(err, dirlock.ErrLocked) {
		t.Errorf("acquired twice: %v", err)
	}
	release()
	release, err = dirlock.Acquire(dir)
	if err != nil {
		t.Fatalf("a released folder: %v", err)
	}
	release()
}
