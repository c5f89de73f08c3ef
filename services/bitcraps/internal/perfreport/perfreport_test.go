package perfreport_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/perfreport"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { testserver.Main(m) }

// history is Prometheus's data of the last hour: a latency every half minute, rising from low by step.
func history(low, step float64) string {
	var out strings.Builder
	now := time.Now().Truncate(time.Second)
	out.WriteString("# TYPE bitcraps_request_duration_seconds gauge\n")
	for i := range 120 {
		fmt.Fprintf(&out, "bitcraps_request_duration_seconds{service=\"gateway\"} %.4f %d\n", low+step*float64(i), now.Add(time.Duration(i-119)*30*time.Second).Unix())
	}
	out.WriteString("# TYPE process_resident_memory_bytes gauge\n")
	for i := range 120 {
		for _, job := range []string{"game", "api"} {
			fmt.Fprintf(&out, "process_resident_memory_bytes{job=%q} %d %d\n", job, 64<<20, now.Add(time.Duration(i-119)*30*time.Second).Unix())
		}
	}
	return out.String() + "# EOF\n"
}

// TestAnalysisMatchesPlanScript runs the plan's own Python script on the answer of a real Prometheus, and compares the results.
func TestAnalysisMatchesPlanScript(t *testing.T) {
	for name, tc := range map[string]struct {
		low, step float64
		high      bool
	}{"fast": {0.02, 0.0001, false}, "slow": {0.6, 0.002, true}} {
		t.Run(name, func(t *testing.T) {
			a, err := perfreport.Analyze(t.Context(), testserver.Prometheus(t, history(tc.low, tc.step)), "staging", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if a.HighLatency != tc.high || len(a.Series) != 1 || a.Series[0].Points < 50 || (len(a.Actions) == 3) != tc.high {
				t.Fatalf("%+v", a)
			}
			if mebibytes := a.Memory / (1 << 20); mebibytes != 128 {
				t.Errorf("memory is %v MiB", mebibytes)
			}
			output := runPlanScript(t, a.Range)
			l := a.Series[0]
			for _, want := range []string{fmt.Sprintf("Average latency: %.2fs", l.Mean), fmt.Sprintf("95th percentile: %.2fs", l.P95), fmt.Sprintf("99th percentile: %.2fs", l.P99)} {
				if !strings.Contains(output, want) {
					t.Errorf("the plan's script prints\n%s; we: %s", output, want)
				}
			}
			for i, action := range perfreport.Actions {
				if strings.Contains(output, fmt.Sprintf("%d. %s", i+1, action)) != tc.high {
					t.Errorf("%s: the plan's script prints\n%s", action, output)
				}
			}
		})
	}
}

// runPlanScript runs the script of the plan's section 8.3.1, unchanged.
func runPlanScript(t *testing.T, answer json.RawMessage) string {
	t.Helper()
	script, err := filepath.Abs("testdata/plan-8.3.1.py")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testserver.Program(t, "python3", "python3"), script)
	cmd.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "latency_metrics.json"), answer, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestNoLatencyIsAnError(t *testing.T) {
	empty := "# TYPE up gauge\nup 1 " + fmt.Sprint(time.Now().Unix()) + "\n# EOF\n"
	if _, err := perfreport.Analyze(t.Context(), testserver.Prometheus(t, empty), "local", time.Now()); err == nil || !strings.Contains(err.Error(), "rule") {
		t.Errorf("no series: %v", err)
	}
	if _, err := perfreport.Analyze(t.Context(), "http://127.0.0.1:1", "local", time.Now()); err == nil {
		t.Error("there was no answer, and no error")
	}
}

// TestReport compares with golden files. To rewrite them: go test ./services/bitcraps/internal/perfreport -run TestReport -update
func TestReport(t *testing.T) {
	a := perfreport.Analysis{Date: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), Environment: "staging", Memory: 512 << 20,
		Series: []perfreport.Latency{{Service: "gateway", Points: 61, Mean: .0213, P95: .041, P99: .0555}}}
	slow := a
	slow.HighLatency, slow.Actions, slow.Series = true, perfreport.Actions, []perfreport.Latency{{Service: "gateway", Points: 61, Mean: .72, P95: .9, P99: 1.2}}
	for name, analysis := range map[string]perfreport.Analysis{"fast": a, "slow": slow} {
		var got bytes.Buffer
		if err := analysis.WriteMarkdown(&got); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name+".md")
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", golden, got.Bytes(), want)
		}
	}
}
