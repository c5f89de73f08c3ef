package bitcraps_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/bitcraps"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// load reads every service's configuration.
func load(t *testing.T, source config.Source) (g gateway.Config, a api.Config, m game.Config, c consensus.Config) {
	t.Helper()
	g, a, m, c = gateway.Default(), api.Default(), game.Default(), consensus.Default()
	for name, cfg := range map[string]config.Validator{"gateway": &g, "api": &a, "game": &m, "consensus": &c} {
		if err := config.Load(name, cfg, source); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return g, a, m, c
}

func TestShippedFilesAreValid(t *testing.T) {
	dir, err := filepath.Abs("../../deploy/config")
	if err != nil {
		t.Fatal(err)
	}
	for _, environment := range config.Environments {
		t.Run(environment, func(t *testing.T) {
			gatewayConfig, apiConfig, _, consensusConfig := load(t, config.Source{Dir: dir, Environment: environment})
			guests := environment != "production"
			if gatewayConfig.Auth.AllowGuest != guests || apiConfig.Auth.AllowGuest != guests {
				t.Errorf("guests allowed: gateway %v, api %v", gatewayConfig.Auth.AllowGuest, apiConfig.Auth.AllowGuest)
			}
			if fleet := environment == "staging" || environment == "production"; consensusConfig.TLS.Enabled() != fleet {
				t.Errorf("mutual TLS: %v", consensusConfig.TLS.Enabled())
			}
		})
	}
}

func TestRedisFlagAppliesToEveryService(t *testing.T) {
	opts := bitcraps.Options{DataDir: "data", RedisURL: "redis://127.0.0.1:6379/0", Source: config.Source{AllServices: true, Environ: []string{"BITCRAPS_REDIS_URL=redis://elsewhere"}}}
	cfg, err := opts.Load()
	if err != nil || cfg.Gateway.Redis.URL != opts.RedisURL || cfg.Game.Redis.URL != opts.RedisURL {
		t.Errorf("gateway %+v, game %+v, %v", cfg.Gateway.Redis, cfg.Game.Redis, err)
	}
	opts.RedisURL = "http://127.0.0.1"
	if _, err := opts.Load(); err == nil {
		t.Error("an HTTP URL is accepted as Redis")
	}
}

// TestConfigCheckReportsEveryService gives every service an invalid value.
func TestConfigCheckReportsEveryService(t *testing.T) {
	_, err := command(t, "config check --set telemetry.log_level=loud")
	if err == nil {
		t.Fatal("an unknown log level is valid")
	}
	at := -1
	for _, section := range []string{"[api]", "[consensus]", "[game]", "[gateway]"} {
		if next := strings.Index(err.Error(), section); next <= at {
			t.Errorf("%s is missing, or out of order:\n%v", section, err)
		} else {
			at = next
		}
	}
}

func TestPlainTextStaysOnLoopback(t *testing.T) {
	cfg := game.Default()
	if err := config.Load("game", &cfg, config.Source{Set: []string{"rpc.listen=0.0.0.0:7002"}}); err == nil {
		t.Error("a service in plain text listens beyond loopback")
	}
}

// TestLogFilterOfHighestLayerWins sets the log filter nowhere, in the environment for all and for one service, and by a flag.
func TestLogFilterOfHighestLayerWins(t *testing.T) {
	source := config.Source{AllServices: true}
	for _, step := range []struct {
		set       func()
		api, game string
	}{
		{func() {}, "", ""},
		{func() { source.Environ = []string{"BITCRAPS_TELEMETRY_LOG_FILTER=warn"} }, "warn", "warn"},
		{func() {
			source.Environ = append(source.Environ, "BITCRAPS_GAME_TELEMETRY_LOG_FILTER=bitcraps=debug,warn")
		}, "warn", "bitcraps=debug,warn"},
		{func() { source.Set = []string{"telemetry.log_filter=bitcraps=info,warn"} }, "bitcraps=info,warn", "bitcraps=info,warn"},
	} {
		step.set()
		_, a, m, _ := load(t, source)
		if a.Telemetry.LogFilter != step.api || m.Telemetry.LogFilter != step.game {
			t.Errorf("%v %v: api %q, game %q", source.Environ, source.Set, a.Telemetry.LogFilter, m.Telemetry.LogFilter)
		}
	}
	source.Set = []string{"telemetry.log_filter=loud"}
	cfg := game.Default()
	if err := config.Load("game", &cfg, source); err == nil || !strings.Contains(err.Error(), "telemetry.log_filter") {
		t.Errorf("an invalid filter: %v", err)
	}
}

// TestSamplingByEnvironment compares the shipped files with the plan: everything in development, a tenth in production.
func TestSamplingByEnvironment(t *testing.T) {
	dir, err := filepath.Abs("../../deploy/config")
	if err != nil {
		t.Fatal(err)
	}
	for environment, want := range map[string]struct {
		traces, lines float64
		source, trust bool
	}{"development": {1, 1, true, true}, "staging": {1, 0.1, true, false}, "production": {0.1, 0.1, false, false}} {
		g, _, _, _ := load(t, config.Source{Dir: dir, Environment: environment})
		got := g.Telemetry
		if got.SampleRatio != want.traces || got.LogSampleRatio != want.lines || got.LogSource != want.source || g.Network.TrustTraceparent != want.trust {
			t.Errorf("%s: %+v, clients' traces trusted: %v", environment, got, g.Network.TrustTraceparent)
		}
	}
}

// TestCensusIntervalIsBounded sets an allowed interval, and one so long that the alert on an unchecked ledger would fire.
func TestCensusIntervalIsBounded(t *testing.T) {
	for interval, ok := range map[time.Duration]bool{30 * time.Minute: true, 2 * time.Hour: false} {
		cfg := game.Default()
		cfg.Tables.CensusInterval = interval
		if err := cfg.Validate(); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "tables.census_interval") {
			t.Errorf("%s: %v", interval, err)
		}
	}
}
