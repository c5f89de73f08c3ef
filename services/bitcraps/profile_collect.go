package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/flame"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/profiler"
)

// collectedProfile is a profile and the files that it was written to.
type collectedProfile struct {
	Process string           `json:"process"`
	Kind    string           `json:"kind"`
	Profile string           `json:"profile"`
	SVG     string           `json:"svg"`
	Unit    string           `json:"unit"`
	Total   int64            `json:"total"`
	Top     []flame.Function `json:"top"`
	graph   *flame.Graph
}

// collect collects all profiles at the same time, so that timed ones show the processes under the same load. It returns the profiles
// that succeeded, and the errors of the others.
func (f *profileFlags) collect(cmd *cobra.Command, targets []profileTarget, kinds []profiler.Kind) ([]collectedProfile, error) {
	all, failed := make([]collectedProfile, len(targets)*len(kinds)), make([]error, len(targets)*len(kinds))
	var collecting sync.WaitGroup
	for i, t := range targets {
		for j, kind := range kinds {
			at := i*len(kinds) + j
			collecting.Go(func() {
				var err error
				if all[at], err = f.collectOne(cmd.Context(), t, kind); err != nil {
					failed[at] = fmt.Errorf("%s %s: %w", t.name, kind.Name, err)
				}
			})
		}
	}
	advance, finish := progress(cmd.ErrOrStderr(), int64(f.seconds), "profiling", "s")
	defer finish()
	done := make(chan struct{})
	go func() { collecting.Wait(); close(done) }()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			advance(1)
		case <-done:
			return slices.DeleteFunc(all, func(c collectedProfile) bool { return c.graph == nil }), errors.Join(failed...)
		}
	}
}

// collectOne collects a profile and writes its files. The result has a graph unless it fails.
func (f *profileFlags) collectOne(ctx context.Context, t profileTarget, kind profiler.Kind) (collectedProfile, error) {
	raw, p, err := profiler.Collect(ctx, t.admin, kind, f.seconds)
	if err != nil {
		return collectedProfile{}, err
	}
	base := filepath.Join(f.out, t.name+"-"+kind.Name)
	graph := flame.New(t.name+" "+kind.Name, p, kind.Value)
	c := collectedProfile{Process: t.name, Kind: kind.Name, Profile: base + ".pprof", SVG: base + ".svg", Unit: graph.Unit, Total: graph.Total,
		Top: graph.Top(f.top), graph: graph}
	if err := os.WriteFile(c.Profile, raw, 0o600); err != nil {
		return collectedProfile{}, err
	}
	svg, err := os.OpenFile(c.SVG, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return collectedProfile{}, err
	}
	if err := errors.Join(graph.WriteSVG(svg), svg.Close()); err != nil {
		return collectedProfile{}, err
	}
	return c, nil
}
