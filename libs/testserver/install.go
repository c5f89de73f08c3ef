package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// aptDir is locked to serialize the installations of several test processes: apt-get itself fails while another one runs.
const aptDir = "/var/cache/apt"

// Install finds a program, and installs its Debian packages if it is missing and this process has permission. The error says what to
// install.
func Install(find func() (string, error), packages ...string) (string, error) {
	found, err := find()
	if err == nil {
		return found, nil
	}
	missing := fmt.Errorf("%w; install it with: apt-get update && apt-get install -y %s", err, strings.Join(packages, " "))
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Getuid() != 0 {
		return "", missing
	}
	lock, err := os.Open(aptDir)
	if err != nil {
		return "", fmt.Errorf("%w, which was not tried: %w", missing, err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("%w, which was not tried: %w", missing, err)
	}
	if found, err := find(); err == nil {
		return found, nil // Another test process has installed it meanwhile.
	}
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		// Programs other than these tests may hold dpkg's lock for a while.
		cmd := exec.Command(apt, append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
		// Installing a server must not start it.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w, which failed here: %w\n%s", missing, err, out)
		}
	}
	return find()
}
