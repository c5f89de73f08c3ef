package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

// stack is the fleet and all servers around it.
type stack struct {
	options
	report     *reporter
	webhook    *webhook
	fleet      *fleet
	servers    map[string]*process
	startOrder []string

	otlp, jaeger, jaegerOTLP, collectorHealth, alertmanager, prometheus, remediation string // Addresses.
}

// start starts the servers of deploy/ and the fleet, which sends its traces to them.
func start(ctx context.Context, o options, report *reporter) (*stack, error) {
	s, err := newStack(o, report)
	if err != nil {
		return nil, err
	}
	steps := []func(context.Context) error{s.startServer(s.jaegerProgram), s.startServer(s.collectorProgram), s.startFleet, s.startServer(s.alertmanagerProgram), s.startServer(s.prometheusProgram)}
	if err := s.runSteps(ctx, steps...); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	for name, url := range s.urls() {
		report.event("start", name+" is at "+url, nil)
	}
	return s, nil
}

// newStack chooses addresses, and starts the webhook that receives notifications.
func newStack(o options, report *reporter) (s *stack, err error) {
	if o.root, err = filepath.Abs(o.root); err != nil {
		return nil, err
	}
	s = &stack{options: o, report: report, servers: map[string]*process{}}
	addresses, err := loopback.FreeAddresses(7)
	if err != nil {
		return nil, err
	}
	for i, to := range []*string{&s.otlp, &s.jaeger, &s.jaegerOTLP, &s.collectorHealth, &s.alertmanager, &s.prometheus, &s.remediation} {
		*to = addresses[i]
	}
	s.fleet = &fleet{binary: filepath.Join(s.root, "bin", "bitcraps"), dir: filepath.Join(s.dir, "fleet")}
	s.webhook, err = listen(report)
	return s, err
}

// runSteps runs steps one after the other.
func (s *stack) runSteps(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) startFleet(ctx context.Context) error {
	if err := s.fleet.up(ctx, s.configKeys()...); err != nil {
		return err
	}
	s.report.event("start", fmt.Sprintf("%d processes of the fleet are ready, the gateway at %s", len(s.fleet.Processes), s.fleet.Gateways[0]), nil)
	return nil
}

// configKeys returns the fleet's configuration keys that differ from the defaults.
func (s *stack) configKeys() []string {
	set := []string{"telemetry.otlp_endpoint=http://" + s.otlp, "telemetry.sample_ratio=1"}
	if s.fast {
		set = append(set, "game.tables.roll_timeout=2s")
	}
	return set
}

// startServer returns a step that starts a server and registers it.
func (s *stack) startServer(describe func() (program, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		p, err := describe()
		if err != nil {
			return err
		}
		running, err := startProcess(ctx, filepath.Join(s.dir, p.name), p)
		if err != nil {
			return err
		}
		s.servers[p.name] = running
		s.startOrder = append(s.startOrder, p.name)
		return nil
	}
}

// stop stops everything, the fleet first.
func (s *stack) stop() error {
	var failures []error
	if s.fleet != nil {
		failures = append(failures, s.fleet.down())
	}
	for _, name := range slices.Backward(s.startOrder) {
		failures = append(failures, s.servers[name].stop())
	}
	if s.webhook != nil {
		failures = append(failures, s.webhook.close())
	}
	return errors.Join(failures...)
}

// urls returns the URLs of the servers' user interfaces.
func (s *stack) urls() map[string]string {
	return map[string]string{"Jaeger": "http://" + s.jaeger, "Prometheus": "http://" + s.prometheus, "Alertmanager": "http://" + s.alertmanager}
}

// tool returns the path of a program that the Makefile builds.
func (s *stack) tool(name string) (string, error) {
	path := filepath.Join(s.root, "bin", "tools", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w; `make bin/tools/%s` builds it", err, name)
	}
	return path, nil
}

// makeDir creates a server's directory.
func (s *stack) makeDir(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}

// systemProgram returns the path of an installed program.
func systemProgram(name, pkg string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w; on Debian, `apt-get install %s` installs it", err, pkg)
	}
	return path, nil
}

// port returns the port of an address.
func port(address string) string {
	_, port, _ := net.SplitHostPort(address) // The address was chosen by newStack, so it is valid.
	return port
}
