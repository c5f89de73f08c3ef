package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/deploy/opensearch"
)

const (
	victim       = "consensus-2"
	victimShares = `max(bitcraps_consensus_beacon_shares_total{validator="validator-2"})`
	downAlert    = "Target_Down"
)

// startRemediatedStack starts a fleet with Prometheus, Alertmanager and `bitcraps remediate`.
func startRemediatedStack(t *testing.T) *stack {
	t.Helper()
	s, err := newStack(testOptions(t, "bin/tools/alertmanager"), testReporter(t))
	if err != nil {
		t.Fatal(err)
	}
	stopStack(t, s)
	if err := s.runSteps(t.Context(), s.startFleet, s.startServer(s.remediationProgram), s.startServer(s.alertmanagerProgram), s.startServer(s.prometheusProgram)); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDeadValidatorIsRestarted kills a validator: people are notified, the validator is restarted and signs again, and people are notified
// of the resolution. When it is killed again, beyond the policy's limit, it is left to people.
func TestDeadValidatorIsRestarted(t *testing.T) {
	s := startRemediatedStack(t)
	players := startLoad(t.Context(), s.fleet.Gateways)
	defer players.stop()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	if err := poll(ctx, func() error { _, err := s.queryValue(ctx, victimShares); return err }); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.kill(victim); err != nil {
		t.Fatal(err)
	}
	s.report.event("break", victim+" is killed", nil)
	if err := s.webhook.await(ctx, downAlert, true); err != nil {
		t.Fatal(err)
	}
	s.awaitDecision(ctx, t, "done")
	before, err := s.queryValue(ctx, victimShares)
	if err != nil {
		t.Fatal(err)
	}
	if err := poll(ctx, func() error {
		now, err := s.queryValue(ctx, victimShares)
		if err == nil && now <= before {
			err = fmt.Errorf("%s does not sign: still %g of its shares", victim, now)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.report.event("restored", victim+" signs again", nil)
	if err := s.webhook.await(ctx, downAlert, false); err != nil {
		t.Fatal(err)
	}
	s.checkRemediationLimit(ctx, t)
}

// checkRemediationLimit kills the restarted validator again, and checks that it is not restarted.
func (s *stack) checkRemediationLimit(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := s.fleet.status(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.kill(victim); err != nil {
		t.Fatal(err)
	}
	s.report.event("break", victim+" is killed again", nil)
	d := s.awaitDecision(ctx, t, "limited")
	if !strings.Contains(d.Detail, "limits.target_per_hour") {
		t.Errorf("unexpected limit %q", d.Detail)
	}
	if err := s.webhook.await(ctx, downAlert, true); err != nil {
		t.Error(err)
	}
	if err := s.fleet.status(ctx); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.fleet.Processes {
		if p.Name == victim && p.State != "stopped" {
			t.Errorf("state %s, want stopped", p.State)
		}
	}
	log, err := os.ReadFile(filepath.Join(s.dir, "remediate", "remediate.log"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := opensearch.TemplateMapping()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		if err := mapping.CheckLine(line); bytes.HasPrefix(line, []byte("{")) && err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
	for _, outcome := range []string{"done", "limited"} {
		line := func(line string) bool {
			return strings.Contains(line, `"audit":true`) && strings.Contains(line, victim) && strings.Contains(line, `"outcome":"`+outcome+`"`)
		}
		if !slices.ContainsFunc(strings.Split(string(log), "\n"), line) {
			t.Errorf("no audit line with outcome %s:\n%s", outcome, log)
		}
	}
}

// decision is a decision reported by the remediation.
type decision struct {
	Alert, Target, Outcome, Detail string
}

// awaitDecision waits for a decision about the victim.
func (s *stack) awaitDecision(ctx context.Context, t *testing.T, outcome string) (found decision) {
	t.Helper()
	if err := poll(ctx, func() error {
		all, err := s.decisions(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d decision) bool { return d.Target == victim && d.Alert == downAlert && d.Outcome == outcome })
		if i < 0 {
			return fmt.Errorf("no decision about %s with outcome %s: %+v", victim, outcome, all)
		}
		found = all[i]
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.report.event("decision", fmt.Sprintf("%+v", found), nil)
	return found
}

func (s *stack) decisions(ctx context.Context) ([]decision, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.remediation+"/remediations", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+remediationToken)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct{ Remediations []decision }
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return answer.Remediations, err
}
