package health

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bitcraps/bitcraps/libs/metrics"
)

const (
	// queryTimeout bounds one request.
	queryTimeout = 5 * time.Second
	// sampleInterval is the time between the two samples of a process's metrics.
	sampleInterval = time.Second
	// maxBody is how much of a response is read.
	maxBody = 1 << 20
)

// snapshot is what a process reports.
type snapshot struct {
	Process
	err           error // Why it did not answer.
	health, ready probe
	// before and after are its metrics, a sampleInterval apart; nil where it has none.
	before, after metrics.Families
}

// probe is the response of /health or /ready.
type probe struct {
	Status string            `json:"status"`
	Parts  map[string]string `json:"parts"`
}

// failing returns the names of the parts that don't work.
func (p probe) failing() (names []string) {
	for name, state := range p.Parts {
		if state != string(OK) {
			names = append(names, name)
		}
	}
	return names
}

func query(ctx context.Context, process Process) snapshot {
	a := snapshot{Process: process}
	if process.URL == "" {
		return a
	}
	if a.health, a.err = a.probe(ctx, "/health"); a.err != nil {
		return a
	}
	if a.ready, a.err = a.probe(ctx, "/ready"); a.err != nil {
		return a
	}
	a.before, _ = a.metrics(ctx) // A process without metrics still has probes.
	select {
	case <-time.After(sampleInterval):
	case <-ctx.Done():
	}
	a.after, _ = a.metrics(ctx)
	return a
}

// probe reads a response whatever its status: with 503, the body names what fails.
func (a snapshot) probe(ctx context.Context, path string) (p probe, err error) {
	err = get(ctx, a.URL+path, func(resp *http.Response) error {
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		if err != nil {
			return err
		}
		if json.Unmarshal(text, &p) != nil || p.Status == "" {
			return fmt.Errorf("%s answers %s, without a health report", path, resp.Status)
		}
		return nil
	})
	return p, err
}

func (a snapshot) metrics(ctx context.Context) (families metrics.Families, err error) {
	err = get(ctx, a.URL+"/metrics", func(resp *http.Response) error {
		families, err = metrics.Read(resp)
		return err
	})
	return families, err
}

func get(ctx context.Context, url string, read func(*http.Response) error) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return read(resp)
}

// trimSlash returns a URL without a trailing slash.
func trimSlash(url string) string { return strings.TrimSuffix(url, "/") }
