package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// logDiskSize is enough for the logs of a fleet's start.
const logDiskSize = 4 << 20

// TestFullLogDiskDoesNotStopPlay fills the disk that the fleet logs to.
func TestFullLogDiskDoesNotStopPlay(t *testing.T) {
	disk := testserver.NewDisk(t, logDiskSize)
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
	playOneRound(t, f)
	waitForDropped(t, f, "logs")
	disk.FreeAll(t)
	playOneRound(t, f)
}
