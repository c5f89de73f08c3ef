package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/loadtest/internal/load"
)

func TestParsePgbench(t *testing.T) {
	result, err := parsePgbench([]byte(`transaction type: <builtin: simple update>
latency average = 26.337 ms
initial connection time = 103.112 ms
tps = 2430.051204 (without initial connection time)
`))
	if err != nil || result.PerSecond != 2430.051204 || result.Mean != 26.337 {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := parsePgbench([]byte("latency average = 26.337 ms\n")); err == nil || !strings.Contains(err.Error(), "no figure in") {
		t.Errorf("without a rate: %v", err)
	}
}

// sampleReport returns a report of three rows with simple ratios.
func sampleReport() Report {
	row := func(name string, rate float64) Row { return Row{Name: name, Result: load.Result{PerSecond: rate}} }
	return Report{CPUs: 2, GameMB: 64, SideBySide: compare([]Row{row(noStoreRow, 3000), row(pgbenchRow, 2000), row("bets", 4000)})}
}

func TestCompare(t *testing.T) {
	rows := sampleReport().SideBySide
	if bets := rows[2]; bets.OfPgbench != 2 || bets.OfNoStore != 4000./3000 {
		t.Errorf("%+v", bets)
	}
	if pgbench := rows[1]; pgbench.OfPgbench != 1 {
		t.Errorf("%+v", pgbench)
	}
}

// TestReportIsPrintedAndWritten prints a report's tables, and writes the report to a file in a directory that does not exist yet.
func TestReportIsPrintedAndWritten(t *testing.T) {
	var table bytes.Buffer
	if err := sampleReport().print(&table); err != nil || !strings.Contains(table.String(), "2.00") || !strings.Contains(table.String(), "64 MB") {
		t.Errorf("%v\n%s", err, &table)
	}
	file := filepath.Join(t.TempDir(), "results", "report.json")
	if err := sampleReport().write(true, file); err != nil {
		t.Fatal(err)
	}
	var back Report
	if encoded, err := os.ReadFile(file); err != nil || json.Unmarshal(encoded, &back) != nil || len(back.SideBySide) != 3 || back.GameMB != 64 {
		t.Errorf("%+v, %v", back, err)
	}
}
