package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// TestFullDisk adds a guest while the disk is full, and again when there is room.
func TestFullDisk(t *testing.T) {
	disk := testserver.NewDisk(t, 1<<20)
	file := open(t, filepath.Join(disk.Dir, "api.db"))
	add := func(p player.Player) error {
		return file.Write(t.Context(), func(tx store.Tx) error { return tx.AddPlayer(t.Context(), p) })
	}
	find := func(id uuid.UUID) (p player.Player, err error) {
		err = file.Read(t.Context(), func(tx store.Tx) error { p, err = tx.Player(t.Context(), id); return err })
		return p, err
	}
	guest := func() player.Player {
		return player.Player{ID: uuid.Must(uuid.NewV7()), Kind: apiv1.PlayerKind_PLAYER_KIND_GUEST, CreatedAt: time.UnixMicro(1_700_000_000_123_456).UTC()}
	}
	early, late := guest(), guest()
	if err := add(early); err != nil {
		t.Fatal(err)
	}
	disk.Fill(t)
	if err := add(late); errs.Reason(err) != errorsv1.Reason_REASON_STORAGE_FULL {
		t.Errorf("without room: %v", err)
	}
	if _, err := find(late.ID); !errors.Is(err, player.ErrNotFound) {
		t.Errorf("the refused guest: %v", err)
	}
	if got, err := find(early.ID); err != nil || got != early {
		t.Errorf("the guest added before: %+v, %v", got, err)
	}
	disk.FreeAll(t)
	if err := add(late); err != nil {
		t.Errorf("with room: %v", err)
	}
}
