package chain

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	dbm "github.com/cometbft/cometbft-db"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// TestHalfForgottenSnapshotsHideNoOther leaves a folder as a crash leaves it while an old snapshot is removed.
func TestHalfForgottenSnapshotsHideNoOther(t *testing.T) {
	s := &snapshots{dir: t.TempDir()}
	place := func(height int64) {
		t.Helper()
		m := &manifest{Height: height, Chunks: [][]byte{make([]byte, sha256.Size)}, Blocks: make([][]byte, 3)}
		if err := errors.Join(os.Mkdir(s.path(height)+".new", 0o700), s.place(m)); err != nil {
			t.Fatal(err)
		}
	}
	place(5)
	place(10)
	if err := os.Remove(filepath.Join(s.path(5), manifestFile)); err != nil {
		t.Fatal(err)
	}
	if all, err := s.list(); err != nil || len(all) != 1 || all[0].Height != 10 {
		t.Errorf("offered are %v, %v", all, err)
	}
	place(20)
	if _, err := os.Stat(s.path(5)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the rest of it stays: %v", err)
	}
}

func TestSnapshotsHaveABound(t *testing.T) {
	chunk := newChunk()
	hash := sha256.Sum256(chunk)
	r := &restore{manifest: &manifest{Chunks: [][]byte{hash[:], hash[:]}}, appHash: protocol.Hash{}, staged: &store{db: dbm.NewMemDB()},
		chunks: t.TempDir(), size: maxSnapshot - len(chunk)}
	if err := r.add(0, chunk); err != nil {
		t.Fatal(err)
	}
	if err := r.add(1, chunk); !errors.Is(err, errTooLong) {
		t.Errorf("err = %v", err)
	}
}
