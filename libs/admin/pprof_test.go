package admin_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// TestCommandLineIsNotExposed requests the endpoint that net/http/pprof itself would serve.
func TestCommandLineIsNotExposed(t *testing.T) {
	answer := httptest.NewRecorder()
	admin.Handler(telemetry.Discard().Registry, nil).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/debug/pprof/cmdline", nil))
	if answer.Code != http.StatusNotFound || strings.Contains(answer.Body.String(), os.Args[0]) {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// TestContentionIsRecordedOnlyOnDemand requests the mutex profile and checks the rate meanwhile and afterwards.
func TestContentionIsRecordedOnlyOnDemand(t *testing.T) {
	server := httptest.NewServer(admin.Handler(telemetry.Discard().Registry, nil))
	defer server.Close()
	rate := func() int { return runtime.SetMutexProfileFraction(-1) }
	if before := rate(); before != 0 {
		t.Fatalf("the rate is %d before anybody asked", before)
	}
	var asking sync.WaitGroup
	answered := make(chan struct{})
	for range 2 {
		asking.Go(func() {
			resp, err := http.Get(server.URL + "/debug/pprof/mutex?seconds=1")
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("mutex: %s", resp.Status)
			}
		})
	}
	go func() { asking.Wait(); close(answered) }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	recorded := false
	for waiting := true; waiting; {
		select {
		case <-answered:
			waiting = false
		case <-look.C:
			recorded = recorded || rate() > 0
		}
	}
	server.Close() // It waits until the handlers have returned.
	if !recorded || rate() != 0 {
		t.Errorf("recorded: %v; the rate is %d afterwards", recorded, rate())
	}
}
