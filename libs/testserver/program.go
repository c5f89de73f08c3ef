package testserver

import (
	"os/exec"
	"testing"
)

// Program returns the path of a program, whose package it installs on Debian if it is missing.
func Program(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := Install(func() (string, error) { return exec.LookPath(name) }, pkg)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
