package chain_test

import (
	"os"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// disk is a disk that a test may fill.
type disk = testserver.Disk

// diskSize is room for some hours of a test's rounds.
const diskSize = 256 << 20

// newDisk is a disk for one validator; nil if the user may not mount any.
func newDisk(t testing.TB) *disk {
	if os.Getuid() != 0 {
		return nil
	}
	return testserver.NewDisk(t, diskSize)
}

// withoutDisk fails a test that needs a disk.
func withoutDisk(t *testing.T) {
	t.Fatal("only root may mount the disk that this test fills; run the tests as root, or skip this one with -short")
}
