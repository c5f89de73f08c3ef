package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// aptDir is what installers of several test processes take turns by. apt-get itself gives up where another one runs.
const aptDir = "/var/cache/apt"

// Install finds a program, and installs Debian's packages of it where it is missing and this process may. The error says what to
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
	turn, err := os.Open(aptDir)
	if err != nil {
		return "", fmt.Errorf("%w, which was not tried: %w", missing, err)
	}
	defer func() { _ = turn.Close() }()
	if err := syscall.Flock(int(turn.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("%w, which was not tried: %w", missing, err)
	}
	if found, err := find(); err == nil {
		return found, nil // Whoever had the turn before wanted it too.
	}
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		// Whoever is not a test may hold dpkg's lock for a while.
		cmd := exec.Command(apt, append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
		// Installing a server must not start it as well.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w, which failed here: %w\n%s", missing, err, out)
		}
	}
	return find()
}
