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

// programDirs are folders of programs that may not be on the PATH: Debian has one for each release of PostgreSQL, and Homebrew does not
// link all programs.
var programDirs = []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/usr/local/sbin", "/usr/sbin"}

// findOrInstall returns the path of a program. On Debian, if root runs this, it installs a missing one.
func (f *Fleet) findOrInstall(ctx context.Context, name, pkg string) (string, error) {
	if path, ok := findProgram(name); ok {
		return path, nil
	}
	advice := fmt.Sprintf("%s is not installed; on Debian or Ubuntu run `apt-get install %s`, on macOS `brew install %s`", name, pkg, pkg)
	if _, err := os.Stat("/etc/debian_version"); err != nil || os.Geteuid() != 0 {
		return "", fmt.Errorf("%s, or give the URL of a running server", advice)
	}
	f.report("installing " + pkg)
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", pkg}} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		// RUNLEVEL=1 keeps the package from starting a server of its own.
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: apt-get %s: %w\n%s", advice, args[0], err, bytes.TrimSpace(out))
		}
	}
	if path, ok := findProgram(name); ok {
		return path, nil
	}
	return "", fmt.Errorf("%s; the package was installed, but the program was not found", advice)
}

// findProgram searches programDirs first: a program on the PATH may be a wrapper in a folder without the other programs.
func findProgram(name string) (string, bool) {
	for _, pattern := range programDirs {
		found, err := filepath.Glob(filepath.Join(pattern, name))
		if err == nil && len(found) > 0 {
			slices.Sort(found)
			return found[len(found)-1], true
		}
	}
	path, err := exec.LookPath(name)
	return path, err == nil
}
