// Package otel_test runs the OpenTelemetry Collector with the configuration of this directory.
package otel_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// collector builds the collector and returns its path.
func collector(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "-C", "../..", "bin/tools/otelcol")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make bin/tools/otelcol: %v\n%s", err, out)
	}
	path, err := filepath.Abs("../../bin/tools/otelcol")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigurationsAreValid(t *testing.T) {
	program := collector(t)
	for _, args := range [][]string{{"--config=collector.yaml"}, {"--config=collector.yaml", "--config=logs.yaml"}} {
		if out, err := exec.CommandContext(t.Context(), program, append([]string{"validate"}, args...)...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// startCollector starts the collector with the configuration for traces, except that it keeps no ordinary traces, decides after one second,
// and writes to a file.
func startCollector(t *testing.T) (otlp, file string) {
	t.Helper()
	dir, err := testserver.NewDir()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("collector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(collector(t))
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "kept.json")
	listen := testserver.FreeAddresses(t, 3)
	_, metrics, err := net.SplitHostPort(listen[2])
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{"KEEP_PERCENT": "0", "OTLP_LISTEN": listen[0], "HEALTH_LISTEN": listen[1], "METRICS_HOST": "127.0.0.1", "METRICS_PORT": metrics} {
		t.Setenv(key, value)
	}
	config := strings.Replace(string(text), "decision_wait: 10s", "decision_wait: 1s", 1)
	output := "exporters: {file: {path: " + file + "}}\nservice: {pipelines: {traces: {exporters: [file]}}}\n"
	for name, content := range map[string]string{"collector.yaml": config, "file.yaml": output, "otelcol": string(program)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	testserver.Serve(t, testserver.Command{Dir: dir, Path: filepath.Join(dir, "otelcol"), Signal: "TERM",
		Args: []string{"--config=" + filepath.Join(dir, "collector.yaml"), "--config=" + filepath.Join(dir, "file.yaml")}}, "http://"+listen[1])
	return listen[0], file
}

// TestErrorsAndSlowCallsAreKept sends a failed, a slow and an ordinary trace to a collector that keeps only failed and slow ones.
func TestErrorsAndSlowCallsAreKept(t *testing.T) {
	otlp, file := startCollector(t)
	exporter, err := otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpointURL("http://"+otlp))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	tracer, now := provider.Tracer("test"), time.Now()
	for name, took := range map[string]time.Duration{"ordinary": time.Millisecond, "failed": time.Millisecond, "slow": time.Second} {
		_, span := tracer.Start(t.Context(), name, trace.WithTimestamp(now.Add(-took)))
		if name == "failed" {
			span.SetStatus(codes.Error, "it broke")
		}
		span.End(trace.WithTimestamp(now))
	}
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := waitForTexts(t, file, `"name":"failed"`, `"name":"slow"`)
	if strings.Contains(kept, `"name":"ordinary"`) {
		t.Errorf("the ordinary trace was kept: %s", kept)
	}
}

// waitForTexts waits until a file contains texts.
func waitForTexts(t *testing.T, file string, texts ...string) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(time.Minute)
	for {
		content, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all := true
		for _, text := range texts {
			all = all && strings.Contains(string(content), text)
		}
		if all {
			return string(content)
		}
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("the collector kept only %s", content)
		}
	}
}
