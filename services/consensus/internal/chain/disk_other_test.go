//go:build !linux

package chain_test

import "testing"

// disk is one that a test may fill, of which there are none here.
type disk struct{ Dir string }

func newDisk(testing.TB) *disk { return nil }

func withoutDisk(t *testing.T) { t.Skip("only on Linux a test may mount the disk that this fills") }

func (*disk) Fill(testing.TB) {}

func (*disk) Empty(testing.TB) {}
