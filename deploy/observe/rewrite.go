package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

const (
	// speedup is how much faster time passes with --fast.
	speedup = 60
	// leastWait is what any wait is shortened to at most, and the interval of scrapes.
	leastWait = time.Second
	// leastWindow holds enough scrapes for a rate.
	leastWindow = 4 * leastWait
)

var (
	waits   = regexp.MustCompile(`(?m)\b(for|interval|group_wait|group_interval|scrape_interval|evaluation_interval): *([0-9a-z]+)$`)
	windows = regexp.MustCompile(`\[([0-9]+[smhdw])\]`)
)

// faster shortens what a configuration of Prometheus or Alertmanager waits for, and the windows that its rules look back
// over. Thresholds and everything else stay.
func faster(text string) string {
	text = waits.ReplaceAllStringFunc(text, func(found string) string {
		key, value, _ := strings.Cut(found, ":")
		return key + ": " + shorter(strings.TrimSpace(value), leastWait)
	})
	return windows.ReplaceAllStringFunc(text, func(found string) string {
		return "[" + shorter(found[1:len(found)-1], leastWindow) + "]"
	})
}

// shorter is a duration at speed, in whole seconds.
func shorter(text string, least time.Duration) string {
	d, err := model.ParseDuration(text)
	if err != nil {
		return text // A word that is no duration.
	}
	return fmt.Sprintf("%ds", int(max(time.Duration(d)/speedup, least).Seconds()))
}

// configure writes a copy of a file of deploy/ into a folder, with texts replaced, in pairs. A text that is not there is an
// error: the file has changed and this program has not.
func (o options) configure(dir, file string, replace ...string) (string, error) {
	text, err := os.ReadFile(filepath.Join(o.root, "deploy", file))
	if err != nil {
		return "", err
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			return "", fmt.Errorf("deploy/%s has no %q", file, replace[i])
		}
	}
	out := strings.NewReplacer(replace...).Replace(string(text))
	if o.fast {
		out = faster(out)
	}
	path := filepath.Join(dir, filepath.Base(file))
	return path, os.WriteFile(path, []byte(out), 0o600) //nolint:gosec // Both are folders of whoever runs it.
}
