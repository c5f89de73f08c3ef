package testserver

import (
	"fmt"
	"os"
	"os/exec"
)

// find returns the path of a program. Where it is missing and this is Debian's root, it installs the package that has it.
func find(program, pkg string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	missing := fmt.Errorf("the tests need %s; install it, on Debian by: apt-get update && apt-get install -y %s", program, pkg)
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return "", missing
	}
	for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", pkg}} {
		cmd := exec.Command(apt, args...) //nolint:gosec // G204: The package's name is a constant of this package's.
		// Installing a server must not start it as well.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w (apt-get %s: %w)\n%s", missing, args[0], err, out)
		}
	}
	return exec.LookPath(program)
}
