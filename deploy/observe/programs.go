package main

import (
	"os"
	"path/filepath"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

func (s *stack) jaegerProgram() (program, error) {
	path, err := s.tool("jaeger")
	if err != nil {
		return program{}, err
	}
	if _, err := s.makeDir("jaeger"); err != nil {
		return program{}, err
	}
	others, err := loopback.FreeAddresses(5)
	// Jaeger would trace itself and, when it stops, wait for a collector that does not exist.
	return program{name: "jaeger", path: path, ready: "http://" + others[0], env: []string{"OTEL_TRACES_SAMPLER=always_off"}, args: []string{
		"--config-file=" + filepath.Join(s.root, "deploy", "jaeger", "jaeger.yaml"),
		"--query.http-server.host-port=" + s.jaeger, "--collector.otlp.grpc.host-port=" + s.jaegerOTLP,
		"--admin.http.host-port=" + others[0], "--query.grpc-server.host-port=" + others[1], "--collector.otlp.http.host-port=" + others[2],
		"--collector.grpc-server.host-port=" + others[3], "--collector.http-server.host-port=" + others[4],
	}}, err
}

func (s *stack) collectorProgram() (program, error) {
	path, err := s.tool("otelcol")
	if err != nil {
		return program{}, err
	}
	dir, err := s.makeDir("otelcol")
	if err != nil {
		return program{}, err
	}
	metrics, err := loopback.FreeAddresses(1)
	if err != nil {
		return program{}, err
	}
	replace := []string{}
	if s.fast {
		replace = []string{"decision_wait: 10s", "decision_wait: 2s"}
	}
	traces, err := s.copyConfig(dir, "otel/collector.yaml", replace...)
	if err != nil {
		return program{}, err
	}
	// As in a cluster without Fluent Bit, but the collected logs are written to a file.
	logs := filepath.Join(s.root, "deploy", "otel", "logs.yaml")
	file := filepath.Join(dir, "file.yaml")
	text := "exporters: {file: {path: " + s.collectedLogs() + "}}\nservice: {pipelines: {logs: {exporters: [file]}}}\n"
	return program{name: "otelcol", path: path, ready: "http://" + s.collectorHealth,
		args: []string{"--config=" + traces, "--config=" + logs, "--config=" + file},
		env: []string{"OTLP_LISTEN=" + s.otlp, "JAEGER_OTLP=" + s.jaegerOTLP, "HEALTH_LISTEN=" + s.collectorHealth,
			"METRICS_HOST=127.0.0.1", "METRICS_PORT=" + port(metrics[0]), "LOG_FILES=" + filepath.Join(s.fleet.dir, "log", "*-*.log")},
	}, os.WriteFile(file, []byte(text), 0o600)
}

// collectedLogs returns the file to which the collector writes log lines.
func (s *stack) collectedLogs() string { return filepath.Join(s.dir, "otelcol", "logs.json") }

func (s *stack) alertmanagerProgram() (program, error) {
	path, err := s.tool("alertmanager")
	if err != nil {
		return program{}, err
	}
	dir, err := s.makeDir("alertmanager")
	if err != nil {
		return program{}, err
	}
	file, err := s.copyConfig(dir, "alertmanager/alertmanager.yml", "/etc/alertmanager/secrets", dir)
	if err != nil {
		return program{}, err
	}
	// Nothing listens at the remediation's address unless remediationProgram runs: the demonstration restarts validators itself.
	for name, text := range map[string]string{"team.url": s.webhook.url + "/team", "on-call.url": s.webhook.url + "/on-call",
		"remediation.url": "http://" + s.remediation + "/alerts", "remediation.token": remediationToken} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return program{}, err
		}
	}
	return program{name: "alertmanager", path: path, ready: "http://" + s.alertmanager + "/-/ready", args: []string{
		"--config.file=" + file, "--storage.path=" + filepath.Join(dir, "data"), "--cluster.listen-address=", "--web.listen-address=" + s.alertmanager}}, nil
}

func (s *stack) prometheusProgram() (program, error) {
	path, err := systemProgram("prometheus", "prometheus")
	if err != nil {
		return program{}, err
	}
	dir, err := s.makeDir("prometheus")
	if err != nil {
		return program{}, err
	}
	rules, err := filepath.Glob(filepath.Join(s.root, "deploy", "prometheus", "rules", "*.yaml"))
	if err != nil {
		return program{}, err
	}
	for _, rule := range rules {
		if _, err := s.copyConfig(dir, filepath.Join("prometheus", "rules", filepath.Base(rule))); err != nil {
			return program{}, err
		}
	}
	file, err := s.copyConfig(dir, "prometheus/prometheus.yml", "rules/*.yaml", filepath.Join(dir, "*.yaml"), "127.0.0.1:9093", s.alertmanager,
		"../../data-fleet/targets.json", filepath.Join(s.fleet.dir, "targets.json"))
	return program{name: "prometheus", path: path, ready: "http://" + s.prometheus + "/-/ready", args: []string{
		"--config.file=" + file, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + s.prometheus,
		"--enable-feature=exemplar-storage"}}, err
}

// remediationToken authenticates Alertmanager. It is valid only on this machine's loopback interface while observe runs.
const remediationToken = "0123456789abcdef0123456789abcdef"

// remediationProgram describes `bitcraps remediate` with deploy/'s policy, except that its limits are lower, so that they are reached soon,
// and that one of the two alerts that a dead validator raises is removed, since either could be acted on first.
func (s *stack) remediationProgram() (program, error) {
	dir, err := s.makeDir("remediate")
	if err != nil {
		return program{}, err
	}
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(remediationToken), 0o600); err != nil {
		return program{}, err
	}
	policy, err := s.copyConfig(dir, "remediation/policy.yaml", "target_per_hour: 3", "target_per_hour: 1", "target_pause: 5m", "target_pause: 0s",
		"  - {alert: Validator_Absent, action: restart, by: [validator]}\n", "")
	return program{name: "remediate", path: s.fleet.binary, ready: "http://" + s.remediation + "/healthz", args: []string{
		"remediate", "--policy=" + policy, "--token-file=" + token, "--dir=" + s.fleet.dir, "--listen=" + s.remediation}}, err
}
