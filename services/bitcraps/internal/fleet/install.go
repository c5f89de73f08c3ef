package fleet

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// elsewhere are folders of programs that are not on the PATH: Debian keeps each release of PostgreSQL in its own, and
// Homebrew does not link all.
var elsewhere = []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/usr/local/sbin", "/usr/sbin"}

// program finds an installed program. On Debian, root gets a missing one installed.
func (f *Fleet) program(ctx context.Context, name, pkg string) (string, error) {
	if path, ok := find(name); ok {
		return path, nil
	}
	advice := fmt.Sprintf("%s is not installed; on Debian or Ubuntu run `apt-get install %s`, on macOS `brew install %s`", name, pkg, pkg)
	if _, err := os.Stat("/etc/debian_version"); err != nil || os.Geteuid() != 0 {
		return "", fmt.Errorf("%s, or give the address of a server that runs", advice)
	}
	f.say("installing " + pkg)
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", pkg}} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		// RUNLEVEL 1 keeps the package from starting a server of its own.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: apt-get %s: %w\n%s", advice, args[0], err, bytes.TrimSpace(out))
		}
	}
	if path, ok := find(name); ok {
		return path, nil
	}
	return "", fmt.Errorf("%s; it was installed, but is not there", advice)
}

// find looks in the folders of releases first: what is on the PATH may be a wrapper without the programs beside it.
func find(name string) (string, bool) {
	for _, pattern := range elsewhere {
		found, err := filepath.Glob(filepath.Join(pattern, name))
		if err == nil && len(found) > 0 {
			slices.Sort(found)
			return found[len(found)-1], true
		}
	}
	path, err := exec.LookPath(name)
	return path, err == nil
}
