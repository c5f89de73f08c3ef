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
	// speedup is the factor by which --fast shortens delays.
	speedup = 60
	// minWait is the minimum of a shortened delay, and the scrape interval.
	minWait = time.Second
	// minWindow contains enough scrapes to compute a rate.
	minWindow = 4 * minWait
)

var (
	waits   = regexp.MustCompile(`(?m)\b(for|interval|group_wait|group_interval|scrape_interval|evaluation_interval): *([0-9a-z]+)$`)
	windows = regexp.MustCompile(`\[([0-9]+[smhdw])\]`)
)

// speedUp shortens the delays in a configuration of Prometheus or Alertmanager, and the windows in its rules. It does not change
// thresholds.
func speedUp(text string) string {
	text = waits.ReplaceAllStringFunc(text, func(found string) string {
		key, value, _ := strings.Cut(found, ":")
		return key + ": " + shorten(strings.TrimSpace(value), minWait)
	})
	return windows.ReplaceAllStringFunc(text, func(found string) string {
		return "[" + shorten(found[1:len(found)-1], minWindow) + "]"
	})
}

// shorten divides a duration by the speedup, in whole seconds.
func shorten(text string, least time.Duration) string {
	d, err := model.ParseDuration(text)
	if err != nil {
		return text // Not a duration.
	}
	return fmt.Sprintf("%ds", int(max(time.Duration(d)/speedup, least).Seconds()))
}

// copyConfig copies a file of deploy/ into a directory and replaces texts, given as pairs. It fails if a text is missing: the file was
// changed without this program.
func (o options) copyConfig(dir, file string, replace ...string) (string, error) {
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
		out = speedUp(out)
	}
	path := filepath.Join(dir, filepath.Base(file))
	return path, os.WriteFile(path, []byte(out), 0o600) //nolint:gosec // Both directories belong to the user who runs it.
}
