package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// logDisk holds what a fleet logs while it starts.
const logDisk = 4 << 20

// TestFleetPlaysOnWithoutRoomForLogs fills the disk that the fleet logs to.
func TestFleetPlaysOnWithoutRoomForLogs(t *testing.T) {
	disk := testserver.NewDisk(t, logDisk)
	build(t, "build")
	dir, err := newDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Symlink(disk.Dir, filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	f := &fleet{binary: "../../bin/bitcraps", dir: dir}
	t.Cleanup(func() {
		if err := f.down(); err != nil {
			t.Error(err)
		}
	})
	if err := f.up(t.Context(), "telemetry.log_level=debug", "telemetry.log_sample_ratio=1"); err != nil {
		t.Fatal(err)
	}
	disk.Fill(t)
	plays(t, f)
	awaitDropped(t, f, "logs")
	disk.Empty(t)
	plays(t, f)
}
