package compose_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/bitcraps"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// settings are the services' configurations, with the built-in defaults.
type settings struct {
	gateway   gateway.Config
	api       api.Config
	game      game.Config
	consensus consensus.Config
}

func (s *settings) all() map[string]any {
	s.gateway, s.api, s.game, s.consensus = gateway.Default(), api.Default(), game.Default(), consensus.Default()
	return map[string]any{"gateway": &s.gateway, "api": &s.api, "game": &s.game, "consensus": &s.consensus}
}

// read loads a program's configuration from its container's environment.
func (s *settings) read(t *testing.T, program string, container types.ServiceConfig) {
	t.Helper()
	validator, ok := s.all()[program].(config.Validator)
	if !ok {
		t.Fatalf("there is no service %s", program)
	}
	err := config.Load(program, validator, config.Source{Environ: environ(container)})
	if err != nil {
		t.Errorf("%s: %v", program, err)
	}
}

func environ(container types.ServiceConfig) (pairs []string) {
	for name, value := range container.Environment {
		if value != nil {
			pairs = append(pairs, name+"="+*value)
		}
	}
	return pairs
}

// variables returns the environment variables that services read, derived from the configuration's schema.
func variables(t *testing.T) map[string]bool {
	t.Helper()
	text, err := config.Schema((&settings{}).all())
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]node }
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for section, n := range schema.Properties {
		n.walk(config.EnvPrefix+section, names)
	}
	return names
}

type node struct{ Properties map[string]node }

func (n node) walk(name string, into map[string]bool) {
	if len(n.Properties) == 0 {
		into[strings.ToUpper(name)] = true
	}
	for key, child := range n.Properties {
		child.walk(name+"_"+key, into)
	}
}

func TestConfigurationIsValid(t *testing.T) {
	known, p := variables(t), project(t)
	for name, container := range builtServices(p) {
		for variable := range container.Environment {
			if !known[variable] {
				t.Errorf("%s sets %s, which no service reads", name, variable)
			}
		}
		if program := program(container); program != "bitcraps" {
			new(settings).read(t, program, container)
		}
	}
	for _, program := range []string{"api", "game"} {
		new(settings).read(t, program, p.Services["migrate"])
	}
}

// TestEveryCommandExists parses the containers' commands and health checks.
func TestEveryCommandExists(t *testing.T) {
	common := &struct {
		service.Config `koanf:",squash"`
	}{Config: service.Default(7000, 7100)}
	programs := map[string]func() *cobra.Command{
		"bitcraps": bitcraps.Command, "gateway": gateway.Command,
		"api": func() *cobra.Command { return service.Command("api", "", common, &common.Config, nil) },
	}
	programs["game"], programs["consensus"] = programs["api"], programs["api"]
	for name, container := range builtServices(project(t)) {
		lines := [][]string{container.Command}
		if container.HealthCheck != nil {
			test := container.HealthCheck.Test
			if len(test) < 2 || test[0] != "CMD" || test[1] != "/app/service" {
				t.Errorf("%s has the health check %q; its image contains no program other than /app/service", name, test)
				continue
			}
			lines = append(lines, test[2:])
		}
		for _, line := range lines {
			command, rest, err := programs[program(container)]().Find(line)
			if err == nil {
				err = command.ParseFlags(rest)
			}
			if err == nil && (!command.Runnable() || len(command.Flags().Args()) > 0) {
				err = fmt.Errorf("unexpected arguments %q", command.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: %q: %v", name, line, err)
			}
		}
	}
}

// checkReachable fails the test if no service listens at an address.
func checkReachable(t *testing.T, p *types.Project, from, address, listens string) {
	t.Helper()
	host, port, err := net.SplitHostPort(strings.TrimPrefix(address, "dns:///"))
	if err != nil {
		t.Errorf("%s calls %q: %v", from, address, err)
		return
	}
	container, ok := p.Services[host]
	if !ok {
		t.Errorf("%s calls %s, which does not exist", from, host)
		return
	}
	if listen := container.Environment[listens]; listen == nil || !strings.HasSuffix(*listen, ":"+port) {
		t.Errorf("%s calls %s on port %s, on which it does not listen", from, host, port)
	}
}

func TestServicesReachEachOther(t *testing.T) {
	p, calls := project(t), 0
	for name, container := range builtServices(p) {
		for variable, value := range container.Environment {
			if !strings.HasSuffix(variable, "_ADDRESSES") {
				continue
			}
			for address := range strings.SplitSeq(*value, ",") {
				calls++
				checkReachable(t, p, name, address, "BITCRAPS_RPC_LISTEN")
				host, _, _ := net.SplitHostPort(strings.TrimPrefix(address, "dns:///"))
				if replicas(p.Services[host]) > 1 && !strings.HasPrefix(address, "dns:///") {
					t.Errorf("%s uses a single address of %s, which has %d replicas", name, host, replicas(p.Services[host]))
				}
			}
		}
	}
	if calls < 11 {
		t.Errorf("only %d addresses were found", calls)
	}
	var s settings
	s.read(t, "gateway", p.Services["gateway"])
	if port := p.Services["gateway"].Ports[0]; int(port.Target) != s.gateway.Network.ListenPort {
		t.Errorf("port %d is published, the gateway listens on %d", port.Target, s.gateway.Network.ListenPort)
	}
}
