package service_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// TestProfileDoesNotDelayShutdown stops the admin port, with no time left, while it serves a request that lasts as long as its caller waits,
// as a profile does.
func TestProfileDoesNotDelayShutdown(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	cfg := admin.Config{Listen: testserver.FreeAddress(t)}
	part := service.AdminPart(cfg, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(ended)
	}))
	if err := part.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- part.Serve() }()
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+cfg.Listen, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-began
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if err := part.Stop(late); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	<-ended
}
