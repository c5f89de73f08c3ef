package testserver

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// nodeMajor is the oldest release of Node.js that tests run on.
const nodeMajor = 18

// Node returns the path of Node.js, which it installs on Debian if it is missing. Without it the test fails rather than being skipped: no
// other test covers the same.
func Node(t testing.TB) string {
	t.Helper()
	path, err := Install(findNode, "nodejs")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func findNode() (string, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("there is no Node.js, of release %d or later: %w", nodeMajor, err)
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", path, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < nodeMajor {
		return "", fmt.Errorf("%s is %s; %d or later is needed, from https://nodejs.org", path, strings.TrimSpace(string(version)), nodeMajor)
	}
	return path, nil
}
