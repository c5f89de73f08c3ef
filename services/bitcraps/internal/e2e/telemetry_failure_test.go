package e2e_test

import (
	"errors"
	"net"
	"strings"
	"testing"
)

// fullDisk is a log on a full disk.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestPlayContinuesWithoutCollectorAndLog plays while the collector accepts connections but never answers, and no log line can be written.
func TestPlayContinuesWithoutCollectorAndLog(t *testing.T) {
	collector, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = collector.Close() }()
	tg, err := launchLogged(fullDisk{}, t.TempDir(), append(verboseLogging, "telemetry.otlp_endpoint=http://"+collector.Addr().String())...)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	c.must(200, "POST", game+"/roll", nil)
	const series = `bitcraps_telemetry_dropped_total{replica="0",service="e2e",signal="logs"} `
	_, value, ok := strings.Cut(c.must(200, "GET", "/metrics", nil).text, series)
	if count, _, _ := strings.Cut(value, "\n"); !ok || count == "0" {
		t.Errorf("%s%s", series, count)
	}
	if err := tg.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
