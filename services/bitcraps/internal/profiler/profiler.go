// Package profiler collects the profiles of running services from their admin ports.
package profiler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/pprof/profile"
)

// Kind is what a profile is of.
type Kind struct {
	Name string
	// Value is the kind of its values that is shown.
	Value string
	// path is its name at the admin port.
	path string
	// timed is true where it is recorded while somebody waits.
	timed bool
}

// Kinds are all that there are.
var Kinds = []Kind{
	{Name: "cpu", path: "profile", Value: "cpu", timed: true},
	{Name: "heap", path: "heap", Value: "inuse_space"},
	{Name: "goroutine", path: "goroutine", Value: "goroutine"},
	{Name: "mutex", path: "mutex", Value: "delay", timed: true},
	{Name: "block", path: "block", Value: "delay", timed: true},
	{Name: "allocs", path: "allocs", Value: "alloc_space"},
}

// Select returns the kinds with the names.
func Select(names []string) ([]Kind, error) {
	var selected []Kind
	for _, name := range names {
		found := false
		for _, kind := range Kinds {
			if kind.Name == name {
				selected, found = append(selected, kind), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no profile %q; there are %s", name, strings.Join(Names(), ", "))
		}
	}
	return selected, nil
}

// Names are those of all kinds.
func Names() (names []string) {
	for _, kind := range Kinds {
		names = append(names, kind.Name)
	}
	return names
}

// maxProfile is how large a profile may be.
const maxProfile = 256 << 20

// Collect has the service whose admin port is at a URL record a profile, and returns it as it came and as it is read.
func Collect(ctx context.Context, admin string, kind Kind, seconds int) (raw []byte, p *profile.Profile, err error) {
	address := strings.TrimSuffix(admin, "/") + "/debug/pprof/" + kind.path
	if kind.timed {
		address += "?seconds=" + strconv.Itoa(seconds)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err = io.ReadAll(io.LimitReader(resp.Body, maxProfile))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = refusal(resp, raw)
	}
	if err == nil {
		p, err = profile.Parse(bytes.NewReader(raw))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", address, err)
	}
	return raw, p, nil
}

// refusal says what came instead of a profile.
func refusal(resp *http.Response, body []byte) error {
	if resp.StatusCode == http.StatusNotFound {
		return errors.New("there are no profiles here; it must be the admin port, which `bitcraps up` has only with --admin-addr")
	}
	line, _, _ := strings.Cut(string(body), "\n")
	return fmt.Errorf("%s: %.200s", resp.Status, line)
}
