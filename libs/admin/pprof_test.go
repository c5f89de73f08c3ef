package admin_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// TestContentionIsRecordedWhileSomebodyWaits asks for the profile of mutexes and looks at the rate meanwhile and afterwards.
func TestContentionIsRecordedWhileSomebodyWaits(t *testing.T) {
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
	server.Close() // It waits for the handlers' end.
	if !recorded || rate() != 0 {
		t.Errorf("recorded: %v; the rate is %d afterwards", recorded, rate())
	}
}
