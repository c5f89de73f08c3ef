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

// fleet is that of `bitcraps fleet up`.
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

// fleetPatience is how long the fleet may take; PostgreSQL and Redis may have to be installed.
const fleetPatience = 5 * time.Minute

// up starts what does not run, with configuration keys.
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

// mend starts again what was killed.
func (f *fleet) mend(ctx context.Context) error { return f.up(ctx, f.set...) }

// status looks at the processes again.
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
	ctx, cancel := context.WithTimeout(ctx, fleetPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, f.binary, append([]string{"fleet", args[0], "--dir", f.dir, "--json"}, args[1:]...)...) //nolint:gosec // It is the binary of --root.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                                                                   // Out of reach of Ctrl-C: it would leave half a fleet.
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("bitcraps fleet %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// kill ends processes without a warning.
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

// database is the URL of the games' database, which their configuration has.
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
		return "", fmt.Errorf("the games are not on PostgreSQL, but on %q", url)
	}
	return url, nil
}
