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
	"github.com/bitcraps/bitcraps/libs/testserver"
)

const (
	victim      = "consensus-2"
	victimSigns = `max(bitcraps_consensus_beacon_shares_total{validator="validator-2"})`
	downAlert   = "Target_Down"
)

// mending is a fleet that is watched, and mended by what hears of its alerts.
func mending(t *testing.T) *stack {
	t.Helper()
	testserver.Program(t, "prometheus", "prometheus")
	build(t, "build", "bin/tools/alertmanager")
	dir, err := newDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s, err := newStack(options{root: "../..", dir: dir, fast: true}, logged(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.take(t.Context(), s.startFleet, s.serve(s.remedyProgram), s.serve(s.alertmanagerProgram), s.serve(s.prometheusProgram)); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestADeadValidatorIsStartedAgain kills a validator: people are told, it is started and signs again, and people hear that it is
// over. Killed once more, beyond the policy's limit, it is left to people.
func TestADeadValidatorIsStartedAgain(t *testing.T) {
	s := mending(t)
	players := play(t.Context(), s.fleet.Gateways)
	defer players.stop()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := poll(ctx, func() error { _, err := s.value(ctx, victimSigns); return err }); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.kill(victim); err != nil {
		t.Fatal(err)
	}
	s.say.event("break", victim+" is killed", nil)
	if err := s.webhook.await(ctx, downAlert, true); err != nil {
		t.Fatal(err)
	}
	s.decided(ctx, t, "done")
	before, err := s.value(ctx, victimSigns)
	if err != nil {
		t.Fatal(err)
	}
	if err := poll(ctx, func() error {
		now, err := s.value(ctx, victimSigns)
		if err == nil && now <= before {
			err = fmt.Errorf("%s does not sign: there are %g shares of it, as before", victim, now)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.say.event("mended", victim+" signs again", nil)
	if err := s.webhook.await(ctx, downAlert, false); err != nil {
		t.Fatal(err)
	}
	s.leavesTheRestToPeople(ctx, t)
}

// leavesTheRestToPeople kills the validator that was started.
func (s *stack) leavesTheRestToPeople(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := s.fleet.status(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.kill(victim); err != nil {
		t.Fatal(err)
	}
	s.say.event("break", victim+" is killed once more", nil)
	d := s.decided(ctx, t, "limited")
	if !strings.Contains(d.Detail, "limits.target_per_hour") {
		t.Errorf("the limit is %q", d.Detail)
	}
	if err := s.webhook.await(ctx, downAlert, true); err != nil {
		t.Error(err)
	}
	if err := s.fleet.status(ctx); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.fleet.Processes {
		if p.Name == victim && p.State != "stopped" {
			t.Errorf("it is %s", p.State)
		}
	}
	log, err := os.ReadFile(filepath.Join(s.dir, "remediate", "remediate.log"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := opensearch.Template()
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
			t.Errorf("no audit line says %s:\n%s", outcome, log)
		}
	}
}

// decision is one of what the remediation says that it decided.
type decision struct {
	Alert, Target, Outcome, Detail string
}

// decided waits for a decision about the victim.
func (s *stack) decided(ctx context.Context, t *testing.T, outcome string) (found decision) {
	t.Helper()
	if err := poll(ctx, func() error {
		all, err := s.decisions(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(d decision) bool { return d.Target == victim && d.Alert == downAlert && d.Outcome == outcome })
		if i < 0 {
			return fmt.Errorf("none of the decisions about %s is %s: %+v", victim, outcome, all)
		}
		found = all[i]
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.say.event("decision", fmt.Sprintf("%+v", found), nil)
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
