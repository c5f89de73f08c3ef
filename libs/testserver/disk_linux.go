package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a small filesystem of its own, which a test may fill.
type Disk struct {
	// Dir is its mount point. The user that servers run as owns it.
	Dir    string
	filler *os.File
}

// NewDisk mounts an in-memory filesystem of so many bytes until the test ends. Everything that uses it must be closed before that, so a
// test creates the disk first. Without permission to mount, the test fails with what it needs, or is skipped with -short: no other way of
// filling a disk is harmless to the machine.
func NewDisk(t testing.TB, size int64) *Disk {
	t.Helper()
	owner, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	if owner == nil {
		withoutDisk(t, "only root may mount the disk that this test fills; run the tests as root, or leave this one out with -short")
	}
	dir, err := NewDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) }) // Not RemoveAll: it would empty a disk that is still mounted.
	err = syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700,uid=%d,gid=%d", size, owner.Uid, owner.Gid))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		withoutDisk(t, fmt.Sprintf("mounting the disk that this test fills is not permitted here, though this is root: %v; give the container\n"+
			"CAP_SYS_ADMIN (--cap-add SYS_ADMIN), or leave the test out with -short", err))
	}
	if err != nil {
		t.Fatal(err)
	}
	d := &Disk{Dir: dir}
	t.Cleanup(func() {
		if err := errors.Join(d.filler.Close(), syscall.Unmount(dir, 0)); err != nil {
			t.Error(err)
		}
	})
	if d.filler, err = os.Create(filepath.Join(dir, "filler")); err != nil {
		t.Fatal(err)
	}
	return d
}

// withoutDisk ends a test that may not mount a disk.
func withoutDisk(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip(why)
	}
	t.Fatal(why)
}

// Fill uses up all free space.
func (d *Disk) Fill(t testing.TB) {
	t.Helper()
	page := make([]byte, os.Getpagesize())
	for {
		switch _, err := d.filler.Write(page); {
		case errors.Is(err, syscall.ENOSPC):
			return
		case err != nil:
			t.Fatal(err)
		}
	}
}

// Free frees so many pages of what Fill used, or all of it if that is less.
func (d *Disk) Free(t testing.TB, pages int64) {
	t.Helper()
	end, err := d.filler.Seek(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	end = max(0, end-pages*int64(os.Getpagesize()))
	if _, err := d.filler.Seek(end, 0); err != nil {
		t.Fatal(err)
	}
	if err := d.filler.Truncate(end); err != nil {
		t.Fatal(err)
	}
}

// FreeAll frees everything that Fill used.
func (d *Disk) FreeAll(t testing.TB) {
	t.Helper()
	if _, err := d.filler.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if err := d.filler.Truncate(0); err != nil {
		t.Fatal(err)
	}
}
