package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// waitForDropped waits until a process of the fleet has counted telemetry that it could not send or write.
func waitForDropped(t *testing.T, f *fleet, signal string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	if err := poll(ctx, func() error {
		for _, p := range f.Processes {
			if p.Admin == "" { // A store.
				continue
			}
			if n, err := droppedCount(ctx, "http://"+p.Admin+"/metrics", signal); err != nil || n > 0 {
				return err
			}
		}
		return fmt.Errorf("no process counts dropped %s", signal)
	}); err != nil {
		t.Error(err)
	}
}

func droppedCount(ctx context.Context, url, signal string) (n float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return 0, err
	}
	for _, m := range families["bitcraps_telemetry_dropped_total"].GetMetric() {
		for _, label := range m.GetLabel() {
			if label.GetName() == "signal" && label.GetValue() == signal {
				n += m.GetCounter().GetValue()
			}
		}
	}
	return n, nil
}
