package bitcraps_test

import (
	"path/filepath"
	"testing"

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

func TestOneFlagGivesEveryServiceItsRedis(t *testing.T) {
	opts := bitcraps.Options{DataDir: "data", RedisURL: "redis://127.0.0.1:6379/0", Source: config.Source{All: true, Environ: []string{"BITCRAPS_REDIS_URL=redis://elsewhere"}}}
	cfg, err := opts.Load()
	if err != nil || cfg.Gateway.Redis.URL != opts.RedisURL || cfg.Game.Redis.URL != opts.RedisURL {
		t.Errorf("gateway %+v, game %+v, %v", cfg.Gateway.Redis, cfg.Game.Redis, err)
	}
	opts.RedisURL = "http://127.0.0.1"
	if _, err := opts.Load(); err == nil {
		t.Error("HTTP is Redis")
	}
}

func TestPlainTextStaysOnLoopback(t *testing.T) {
	cfg := game.Default()
	if err := config.Load("game", &cfg, config.Source{Set: []string{"rpc.listen=0.0.0.0:7002"}}); err == nil {
		t.Error("a service in plain text listens beyond loopback")
	}
}
