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

// stack is everything that runs.
type stack struct {
	options
	say     reporter
	webhook *webhook
	fleet   *fleet
	servers map[string]*process
	order   []string

	otlp, jaeger, jaegerOTLP, collectorHealth, alertmanager, prometheus, remediation string // Addresses.
}

// start starts the servers of deploy/ and then the fleet, which sends its traces to them.
func start(ctx context.Context, o options, say reporter) (*stack, error) {
	s, err := newStack(o, say)
	if err != nil {
		return nil, err
	}
	steps := []func(context.Context) error{s.serve(s.jaegerProgram), s.serve(s.collectorProgram), s.startFleet, s.serve(s.alertmanagerProgram), s.serve(s.prometheusProgram)}
	if err := s.take(ctx, steps...); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	for name, url := range s.urls() {
		say.event("start", name+" is at "+url, nil)
	}
	return s, nil
}

// newStack chooses addresses, and listens for what people are told.
func newStack(o options, say reporter) (s *stack, err error) {
	if o.root, err = filepath.Abs(o.root); err != nil {
		return nil, err
	}
	s = &stack{options: o, say: say, servers: map[string]*process{}}
	addresses, err := loopback.Free(7)
	if err != nil {
		return nil, err
	}
	for i, to := range []*string{&s.otlp, &s.jaeger, &s.jaegerOTLP, &s.collectorHealth, &s.alertmanager, &s.prometheus, &s.remediation} {
		*to = addresses[i]
	}
	s.fleet = &fleet{binary: filepath.Join(s.root, "bin", "bitcraps"), dir: filepath.Join(s.dir, "fleet")}
	s.webhook, err = listen(say)
	return s, err
}

// take takes steps, one behind the other.
func (s *stack) take(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) startFleet(ctx context.Context) error {
	if err := s.fleet.up(ctx, s.settings()...); err != nil {
		return err
	}
	s.say.event("start", fmt.Sprintf("%d processes of the fleet are ready, the gateway at %s", len(s.fleet.Processes), s.fleet.Gateways[0]), nil)
	return nil
}

// settings are what the fleet is told beside its defaults.
func (s *stack) settings() []string {
	set := []string{"telemetry.otlp_endpoint=http://" + s.otlp, "telemetry.sample_ratio=1"}
	if s.fast {
		set = append(set, "game.tables.roll_timeout=2s")
	}
	return set
}

// serve starts a server and remembers it.
func (s *stack) serve(describe func() (program, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		p, err := describe()
		if err != nil {
			return err
		}
		running, err := launch(ctx, filepath.Join(s.dir, p.name), p)
		if err != nil {
			return err
		}
		s.servers[p.name] = running
		s.order = append(s.order, p.name)
		return nil
	}
}

// stop ends everything that runs, the fleet first.
func (s *stack) stop() error {
	var failures []error
	if s.fleet != nil {
		failures = append(failures, s.fleet.down())
	}
	for _, name := range slices.Backward(s.order) {
		failures = append(failures, s.servers[name].stop())
	}
	if s.webhook != nil {
		failures = append(failures, s.webhook.close())
	}
	return errors.Join(failures...)
}

// urls are where people look.
func (s *stack) urls() map[string]string {
	return map[string]string{"Jaeger": "http://" + s.jaeger, "Prometheus": "http://" + s.prometheus, "Alertmanager": "http://" + s.alertmanager}
}

// tool is a program that the Makefile builds.
func (s *stack) tool(name string) (string, error) {
	path := filepath.Join(s.root, "bin", "tools", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w; `make bin/tools/%s` builds it", err, name)
	}
	return path, nil
}

// folder makes that of a server.
func (s *stack) folder(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, os.MkdirAll(dir, 0o700)
}

// installed is a program of the system.
func installed(name, pkg string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w; on Debian, `apt-get install %s` installs it", err, pkg)
	}
	return path, nil
}

// port is that of an address.
func port(address string) string {
	_, port, _ := net.SplitHostPort(address) // It is one of ours.
	return port
}
