package health

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// alert has the fields of Alertmanager's API that are shown.
type alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
}

// alerts is step 7: the alerts that are active and not silenced. A critical one is a failure.
func (t Target) alerts(ctx context.Context) Step {
	step := Step{Name: "alerts", Verdict: OK}
	if t.Alertmanager == "" {
		step.Verdict, step.Summary = Skipped, "no Alertmanager is configured; name one with --alertmanager"
		return step
	}
	var active []alert
	err := get(ctx, trimSlash(t.Alertmanager)+"/api/v2/alerts?active=true&silenced=false&inhibited=false", func(resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", resp.Status)
		}
		return json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&active)
	})
	if err != nil {
		step.Verdict, step.Summary = Degraded, "Alertmanager: "+err.Error()
		return step
	}
	step.Summary = fmt.Sprintf("%d active", len(active))
	if len(active) == 0 {
		return step
	}
	slices.SortFunc(active, func(a, b alert) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Labels["alertname"], b.Labels["alertname"]))
	})
	step.Columns = []string{"ALERT", "SEVERITY", "SINCE", "SUMMARY"}
	for _, a := range active {
		step.Verdict = worse(step.Verdict, Degraded)
		if a.Labels["severity"] == "critical" {
			step.Verdict = Failing
		}
		step.Rows = append(step.Rows, []string{printable(a.Labels["alertname"]), cmp.Or(printable(a.Labels["severity"]), "-"), a.StartsAt.UTC().Format(time.DateTime),
			cmp.Or(printable(a.Annotations["summary"]), "-")})
	}
	return step
}
