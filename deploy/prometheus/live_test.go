package prometheus_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bitcraps/bitcraps/deploy/grafana/panels"
)

// notification is a notification posted by Alertmanager.
type notification struct {
	Receiver string `json:"receiver"`
	Status   string `json:"status"`
	Alerts   []struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"alerts"`
}

// receivers is a webhook for all receivers.
type receivers struct {
	t        *testing.T
	received chan notification
}

// ServeHTTP implements http.Handler. The path is the intended receiver.
func (r *receivers) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	var n notification
	if err := json.NewDecoder(req.Body).Decode(&n); err != nil || "/"+n.Receiver != req.URL.Path {
		r.t.Errorf("%s received a notification for %s: %v", req.URL.Path, n.Receiver, err)
	}
	r.received <- n
}

// expect waits until a receiver is notified of an alert.
func (r *receivers) expect(receiver, status, alert string) {
	r.t.Helper()
	patience := time.After(time.Minute)
	for {
		select {
		case n := <-r.received:
			for _, a := range n.Alerts {
				if n.Receiver == receiver && n.Status == status && a.Labels["alertname"] == alert && a.Annotations["runbook_url"] != "" {
					return
				}
			}
			r.t.Logf("%s: %s, %v", n.Receiver, n.Status, n.Alerts)
		case <-patience:
			r.t.Fatalf("%s was not notified that %s is %s", receiver, alert, status)
		}
	}
}

// TestAlertsReachPeople has a real Prometheus watch a ledger that drifts: the team is notified of the warning, the person on call is paged
// for the critical alert, which inhibits the warning while it fires, and both are notified of the resolution.
func TestAlertsReachPeople(t *testing.T) {
	checked := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bitcraps_ledger_checked_timestamp_seconds"})
	drift := prometheus.NewGauge(prometheus.GaugeOpts{Name: "bitcraps_ledger_drift_tokens"})
	registry := prometheus.NewRegistry()
	prometheus.WrapRegistererWith(prometheus.Labels{"service": "game", "replica": "0"}, registry).MustRegister(checked, drift)
	game := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(game.Close)

	people := &receivers{t, make(chan notification, 100)}
	webhook := httptest.NewServer(people)
	t.Cleanup(webhook.Close)
	alertmanager := startAlertmanager(t, webhook.URL)
	server := startPrometheus(t, alertmanager, game.Listener.Addr().String())

	people.expect("team", "firing", "Ledger_Unchecked") // At zero, the ledger was last checked in 1970.
	missing, err := panels.Missing(t.Context(), "http://"+server)
	if err != nil {
		t.Fatal(err)
	}
	without := func(panel string) bool {
		return slices.ContainsFunc(missing, func(e panels.Expr) bool { return e.Panel == panel })
	}
	if without("Sum of all ledger entries") || !without("Chi-square of the latest rolls") {
		t.Errorf("without data: %v; want the dice, but not the ledger", missing)
	}
	drift.Set(-1)
	people.expect("on-call", "firing", "Ledger_Drift")
	if states := alertStates(t, alertmanager); states["Ledger_Drift"] != "active" || states["Ledger_Unchecked"] != "suppressed" {
		t.Errorf("alert states %v; want the warning suppressed", states)
	}
	drift.Set(0)
	people.expect("on-call", "resolved", "Ledger_Drift")
	checked.SetToCurrentTime()
	people.expect("team", "resolved", "Ledger_Unchecked")
}

// alertStates returns the state of each alert in Alertmanager.
func alertStates(t *testing.T, alertmanager string) map[string]string {
	t.Helper()
	resp, err := http.Get("http://" + alertmanager + "/api/v2/alerts?active=true")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var alerts []struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			State string `json:"state"`
		} `json:"status"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&alerts); err != nil {
		t.Fatal(err)
	}
	states := make(map[string]string)
	for _, a := range alerts {
		states[a.Labels["alertname"]] = a.Status.State
	}
	return states
}
