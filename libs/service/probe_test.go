package service_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/service"
)

func TestProbeReportsReadiness(t *testing.T) {
	var broken error
	server := httptest.NewServer(admin.Handler(prometheus.NewRegistry(), []admin.Check{{Name: "store", Check: func(context.Context) error { return broken }}}))
	defer server.Close()
	probe := func(args ...string) (string, error) {
		cfg := &probed{Config: service.Default(7000, 7100)}
		cmd := service.ProbeCommand("game", cfg, &cfg.Admin)
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(append(args, "--set", "admin.listen="+strings.TrimPrefix(server.URL, "http://")))
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	if out, err := probe(); err != nil || !strings.Contains(out, `"store":"ok"`) {
		t.Errorf("well: %v %s", err, out)
	}
	broken = errors.New("the disk is full")
	if out, err := probe(); err == nil || !strings.Contains(out, `"store":"failing"`) {
		t.Errorf("broken: %v %s", err, out)
	}
	if _, err := probe("--live"); err != nil {
		t.Errorf("broken, but alive: %v", err)
	}
	server.Close()
	if _, err := probe("--live"); err == nil {
		t.Error("it is well when it is gone")
	}
}

type probed struct {
	service.Config `koanf:",squash"`
}
