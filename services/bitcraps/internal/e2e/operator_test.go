package e2e_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/health"
)

// fleetTarget returns the shared fleet.
func fleetTarget(t *testing.T) *target {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds five binaries")
	}
	tg, err := targets[1].start()
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

// operator runs an operator's command with --json, decodes its output, and returns its exit code.
func operator(t *testing.T, into any, args ...string) (code int) {
	t.Helper()
	cmd := exec.Command(binaryPath(t, "bitcraps"), append(args, "--json")...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, stdout.String(), stderr.String())
	}
	return code
}

func TestProfileOfFleet(t *testing.T) {
	tg := fleetTarget(t)
	var said struct {
		Profiles []struct {
			Process, Kind, Profile, SVG string
			Total                       int64
		}
	}
	done := make(chan int, 1)
	go func() {
		done <- operator(t, &said, "profile", "--dir", tg.dir, "--service", "game", "--seconds", "3", "--kind", "cpu", "--kind", "heap", "--kind", "block", "--out", t.TempDir())
	}()
	var code int
	playUntil(t, tg, "the profiles", func() bool {
		select {
		case code = <-done:
			return true
		default:
			return false
		}
	})
	if code != 0 || len(said.Profiles)%3 != 0 || len(said.Profiles) == 0 {
		t.Fatalf("it ended with %d: %+v", code, said)
	}
	ours := false
	for _, p := range said.Profiles {
		raw, err := os.ReadFile(p.Profile)
		if err != nil {
			t.Fatal(err)
		}
		if parsed, err := profile.ParseData(raw); err != nil || len(parsed.Sample) == 0 || p.Total == 0 {
			t.Errorf("%s %s: %v, total %d", p.Process, p.Kind, err, p.Total)
		}
		svg, err := os.ReadFile(p.SVG)
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(bytes.NewReader(svg))
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", p.SVG, err)
		}
		ours = ours || p.Kind == "cpu" && bytes.Contains(svg, []byte("github.com/bitcraps/bitcraps/"))
	}
	if !ours {
		t.Error("no CPU flame graph of a game has a frame of our code") // One of the games may have been nearly idle.
	}
}

func TestHealthOfFleet(t *testing.T) {
	tg := fleetTarget(t)
	c := newClient(t, tg.url())
	c.must(200, "GET", "/api/v1/games", nil)
	var report health.Report
	// Other tests of this package leave errors in the logs, and may use all processors.
	if code := operator(t, &report, "health", "--dir", tg.dir); code != 0 && code != 2 {
		t.Errorf("it ended with %d", code)
	}
	verdicts := map[string]health.Verdict{}
	for _, step := range report.Steps {
		verdicts[step.Name] = step.Verdict
		if step.Name == "resources" && len(step.Rows) < 8 {
			t.Errorf("resources of %d processes", len(step.Rows))
		}
	}
	for _, name := range []string{"processes", "services", "resources"} {
		if verdicts[name] != health.OK {
			t.Errorf("%s is %s: %+v", name, verdicts[name], report)
		}
	}
	if len(verdicts) != 9 || verdicts["validators"] == health.Failing {
		t.Errorf("%+v", report)
	}
	var alone health.Report
	one := oneProcess(t)
	operator(t, &alone, "health", "--target", one.url())
	for _, step := range alone.Steps {
		if step.Name == "validators" && len(step.Rows) != 4 {
			t.Errorf("validators of one process: %+v", step)
		}
	}
}
