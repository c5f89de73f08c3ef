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

// Kind is a kind of profile.
type Kind struct {
	Name string
	// Value is the sample type that is shown.
	Value string
	// path is its path below /debug/pprof/ on the admin port.
	path string
	// timed is true where the profile is recorded for the duration of the request.
	timed bool
}

// Kinds are all kinds of profiles.
var Kinds = []Kind{
	{Name: "cpu", path: "profile", Value: "cpu", timed: true},
	{Name: "heap", path: "heap", Value: "inuse_space"},
	{Name: "goroutine", path: "goroutine", Value: "goroutine"},
	{Name: "mutex", path: "mutex", Value: "delay", timed: true},
	{Name: "block", path: "block", Value: "delay", timed: true},
	{Name: "allocs", path: "allocs", Value: "alloc_space"},
}

// Select returns the kinds with the given names.
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
			return nil, fmt.Errorf("there is no profile %q; choose from %s", name, strings.Join(Names(), ", "))
		}
	}
	return selected, nil
}

// Names returns the names of all kinds.
func Names() (names []string) {
	for _, kind := range Kinds {
		names = append(names, kind.Name)
	}
	return names
}

// maxProfile is how much of a profile is read, in bytes.
const maxProfile = 256 << 20

// Collect has the process with an admin port at a URL record a profile, and returns it both raw and parsed.
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
		err = responseError(resp, raw)
	}
	if err == nil {
		p, err = profile.Parse(bytes.NewReader(raw))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", address, err)
	}
	return raw, p, nil
}

// responseError describes a response that is not a profile.
func responseError(resp *http.Response, body []byte) error {
	if resp.StatusCode == http.StatusNotFound {
		return errors.New("no profiles are served here; use the admin port, which `bitcraps up` has only with --admin-addr")
	}
	line, _, _ := strings.Cut(string(body), "\n")
	return fmt.Errorf("%s: %.200s", resp.Status, line)
}
