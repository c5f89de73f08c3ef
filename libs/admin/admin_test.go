package admin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// TestHangingPartFailsAlone has a check after the hanging one that fails if its context has ended.
func TestHangingPartFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := httptest.NewRecorder()
		admin.Ready([]admin.Check{
			{Name: "cache", Degrades: true, Check: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			{Name: "store", Check: func(ctx context.Context) error { return ctx.Err() }},
		}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/ready", nil))
		if body := answer.Body.String(); answer.Code != http.StatusOK || !strings.Contains(body, `"store":"ok"`) || !strings.Contains(body, `"cache":"failing"`) {
			t.Errorf("%d %s", answer.Code, body)
		}
	})
}

func TestConcurrentRequestsShareTheChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		finish := make(chan struct{})
		ready := admin.Ready([]admin.Check{{Name: "store", Check: func(context.Context) error { runs.Add(1); <-finish; return nil }}})
		var requests sync.WaitGroup
		for range 10 {
			requests.Go(func() {
				answer := httptest.NewRecorder()
				if ready.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/ready", nil)); answer.Code != http.StatusOK {
					t.Errorf("%d %s", answer.Code, answer.Body)
				}
			})
		}
		synctest.Wait()
		close(finish)
		requests.Wait()
		if n := runs.Load(); n != 1 {
			t.Errorf("10 requests at the same time ran the check %d times", n)
		}
	})
}

func TestReadinessNamesFailingParts(t *testing.T) {
	var broken, slow error
	server := httptest.NewServer(admin.Handler(telemetry.Discard().Registry, []admin.Check{
		{Name: "store", Check: func(context.Context) error { return nil }},
		{Name: "chain", Check: func(context.Context) error { return broken }},
		{Name: "cache", Check: func(context.Context) error { return slow }, Degrades: true, Passive: true},
	}))
	defer server.Close()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	if status, body := get("/ready"); status != 200 || !strings.Contains(body, `"store":"ok"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get("/health"); status != 200 || !strings.Contains(body, `"status":"ok"`) || strings.Contains(body, "store") {
		t.Errorf("%d %s", status, body)
	}
	slow = errors.New("away")
	if status, body := get("/health"); status != 200 || !strings.Contains(body, `"cache":"failing"`) || !strings.Contains(body, `"status":"degraded"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get("/ready"); status != 200 || !strings.Contains(body, `"status":"degraded"`) {
		t.Errorf("%d %s", status, body)
	}
	broken = errors.New("dial 10.0.0.7: refused")
	if status, body := get("/ready"); status != 503 || !strings.Contains(body, `"chain":"failing"`) || strings.Contains(body, "10.0.0.7") {
		t.Errorf("%d %s", status, body)
	}
	for _, path := range []string{"/health", "/metrics", "/debug/pprof/"} {
		if status, _ := get(path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
}
