//go:build !linux

package chain_test

import "testing"

// disk is a disk that a test may fill; there are none on this system.
type disk struct{ Dir string }

func newDisk(testing.TB) *disk { return nil }

func withoutDisk(t *testing.T) { t.Skip("the disk that this test fills can be mounted only on Linux") }

func (*disk) Fill(testing.TB) {}

func (*disk) Empty(testing.TB) {}
