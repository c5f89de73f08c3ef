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
)

// TestDiskRunsFull has a guest come while there is no room for him, and again when there is.
func TestDiskRunsFull(t *testing.T) {
	disk := testserver.NewDisk(t, 1<<20)
	store := open(t, filepath.Join(disk.Dir, "api.db"))
	guest := func() player.Player {
		return player.Player{ID: uuid.Must(uuid.NewV7()), Kind: apiv1.PlayerKind_PLAYER_KIND_GUEST, CreatedAt: time.UnixMicro(1_700_000_000_123_456).UTC()}
	}
	early, late := guest(), guest()
	if err := store.AddPlayer(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	disk.Fill(t)
	if err := store.AddPlayer(t.Context(), late); errs.Reason(err) != errorsv1.Reason_REASON_STORAGE_FULL {
		t.Errorf("without room: %v", err)
	}
	if _, err := store.Player(t.Context(), late.ID); !errors.Is(err, player.ErrNotFound) {
		t.Errorf("the refused guest: %v", err)
	}
	if got, err := store.Player(t.Context(), early.ID); err != nil || got != early {
		t.Errorf("who came before: %+v, %v", got, err)
	}
	disk.Empty(t)
	if err := store.AddPlayer(t.Context(), late); err != nil {
		t.Errorf("with room: %v", err)
	}
}
