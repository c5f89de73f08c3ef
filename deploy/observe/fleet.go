package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/knadh/koanf/parsers/toml/v2"
)

// fleet is a fleet of `bitcraps fleet up`.
type fleet struct {
	binary, dir string
	set         []string

	Gateways  []string `json:"gateways"`
	Processes []struct {
		Name  string `json:"name"`
		PID   int    `json:"pid"`
		Admin string `json:"admin"`
		Log   string `json:"log"`
		State string `json:"state"`
	} `json:"processes"`
}

// fleetTimeout bounds a fleet command, which may have to install PostgreSQL and Redis.
const fleetTimeout = 5 * time.Minute

// up starts the processes that do not run, with configuration keys.
func (f *fleet) up(ctx context.Context, set ...string) error {
	args := []string{"up", "--port", "0"}
	for _, pair := range set {
		args = append(args, "--set", pair)
	}
	f.set = set
	out, err := f.command(ctx, args...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, f)
}

// restart starts the processes that were killed.
func (f *fleet) restart(ctx context.Context) error { return f.up(ctx, f.set...) }

// status updates the state of the processes.
func (f *fleet) status(ctx context.Context) error {
	out, err := f.command(ctx, "status")
	if err != nil {
		return err
	}
	return json.Unmarshal(out, f)
}

func (f *fleet) down() error {
	_, err := f.command(context.Background(), "down")
	return err
}

func (f *fleet) command(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fleetTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.binary, append([]string{"fleet", args[0], "--dir", f.dir, "--json"}, args[1:]...)...) //nolint:gosec // The binary is below --root.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                                                                   // Ctrl-C must not reach it: it would leave part of a fleet running.
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("bitcraps fleet %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// kill kills processes with SIGKILL.
func (f *fleet) kill(names ...string) error {
	for _, name := range names {
		for _, p := range f.Processes {
			if p.Name != name {
				continue
			}
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// database returns the URL of game's database, from the configuration of game-0.
func (f *fleet) database() (string, error) {
	text, err := os.ReadFile(filepath.Join(f.dir, "config", "game-0", "defaults.toml"))
	if err != nil {
		return "", err
	}
	keys, err := toml.Parser().Unmarshal(text)
	if err != nil {
		return "", err
	}
	database, _ := keys["database"].(map[string]any)
	url, _ := database["url"].(string)
	if !strings.HasPrefix(url, "postgresql://") {
		return "", fmt.Errorf("game does not use PostgreSQL, but %q", url)
	}
	return url, nil
}
