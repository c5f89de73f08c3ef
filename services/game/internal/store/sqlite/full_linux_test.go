package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/game/internal/store/storetest"
)

func TestDiskRunsFull(t *testing.T) {
	disk := testserver.NewDisk(t, 4<<20)
	storetest.FullDisk(t, openPath(t, filepath.Join(disk.Dir, "game.db")), disk)
}
