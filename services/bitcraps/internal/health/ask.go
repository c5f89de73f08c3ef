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
	// patience is how long a process may take for one answer.
	patience = 5 * time.Second
	// interval is between two looks at what a process uses.
	interval = time.Second
	// maxAnswer is how much of an answer is read.
	maxAnswer = 1 << 20
)

// answer is what a process says of itself.
type answer struct {
	Process
	err           error // Why it does not answer.
	health, ready probe
	// before and after are its metrics, an interval apart; nil where it has none.
	before, after metrics.Families
}

// probe is the answer of /health or /ready.
type probe struct {
	Status string            `json:"status"`
	Parts  map[string]string `json:"parts"`
}

// failing are the parts that can't do their work.
func (p probe) failing() (names []string) {
	for name, state := range p.Parts {
		if state != string(OK) {
			names = append(names, name)
		}
	}
	return names
}

func ask(ctx context.Context, process Process) answer {
	a := answer{Process: process}
	if process.URL == "" {
		return a
	}
	if a.health, a.err = a.probe(ctx, "/health"); a.err != nil {
		return a
	}
	if a.ready, a.err = a.probe(ctx, "/ready"); a.err != nil {
		return a
	}
	a.before, _ = a.metrics(ctx) // What lacks metrics is still asked how it is.
	select {
	case <-time.After(interval):
	case <-ctx.Done():
	}
	a.after, _ = a.metrics(ctx)
	return a
}

// probe reads an answer whatever its status is: where that is 503, it says what fails.
func (a answer) probe(ctx context.Context, path string) (p probe, err error) {
	err = get(ctx, a.URL+path, func(resp *http.Response) error {
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return err
		}
		if json.Unmarshal(text, &p) != nil || p.Status == "" {
			return fmt.Errorf("%s answers %s, which says nothing of health", path, resp.Status)
		}
		return nil
	})
	return p, err
}

func (a answer) metrics(ctx context.Context) (families metrics.Families, err error) {
	err = get(ctx, a.URL+"/metrics", func(resp *http.Response) error {
		families, err = metrics.Read(resp)
		return err
	})
	return families, err
}

func get(ctx context.Context, url string, read func(*http.Response) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
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

// base is a URL without its last slash.
func base(url string) string { return strings.TrimSuffix(url, "/") }
