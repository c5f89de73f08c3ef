package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/config"
)

type network struct {
	ListenPort int  `koanf:"listen_port" jsonschema:"minimum=1024,maximum=65535"`
	EnableTLS  bool `koanf:"enable_tls"`
}

type tables struct {
	Idle  time.Duration `koanf:"idle"`
	Names []string      `koanf:"names"`
}

// Base is embedded, as service.Config is.
type Base struct {
	Network network `koanf:"network"`
}

type testConfig struct {
	Base   `koanf:",squash"`
	Tables tables      `koanf:"tables"`
	Auth   config.Auth `koanf:"auth"`
}

func (c *testConfig) Validate() error {
	if c.Tables.Idle < time.Second {
		return errors.New("tables.idle: want at least 1s")
	}
	return nil
}

func defaults() *testConfig {
	return &testConfig{Base: Base{Network: network{ListenPort: 8080}}, Tables: tables{Idle: time.Minute}}
}

// write puts files into a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestHighestLayerWins tries every subset of the layers above the built-in defaults.
func TestHighestLayerWins(t *testing.T) {
	for subset := range 1 << 5 {
		files := map[string]string{"defaults.toml": "", "staging.toml": ""}
		source := config.Source{Environment: "staging", AllServices: true}
		want := 8080
		has := func(layer int) bool {
			if subset&(1<<layer) == 0 {
				return false
			}
			want = 2000 + layer
			return true
		}
		if has(0) {
			files["defaults.toml"] = "[network]\nlisten_port = 2000"
		}
		if has(1) {
			files["staging.toml"] = "[network]\nlisten_port = 2001"
		}
		if has(2) {
			files["staging.toml"] += "\n[game.network]\nlisten_port = 2002\n[api.network]\nlisten_port = 9999"
		}
		if has(3) {
			source.Environ = []string{"BITCRAPS_GAME_NETWORK_LISTEN_PORT=2003", "BITCRAPS_API_SERVICE_HOST=10.0.0.1"}
		}
		if has(4) {
			source.Set = []string{"network.listen_port=2004", "api.network.listen_port=9999"}
		}
		source.Dir = write(t, files)
		cfg := defaults()
		if err := config.Load("game", cfg, source); err != nil {
			t.Fatalf("subset %05b: %v", subset, err)
		}
		if cfg.Network.ListenPort != want {
			t.Errorf("subset %05b: listen_port = %d, want %d", subset, cfg.Network.ListenPort, want)
		}
	}
}

func TestBounds(t *testing.T) {
	for port, ok := range map[string]bool{"1023": false, "1024": true, "65535": true, "65536": false, "eighty": false, "80.5": false} {
		err := config.Load("game", defaults(), config.Source{Set: []string{"network.listen_port=" + port}})
		if (err == nil) != ok {
			t.Errorf("listen_port=%s: %v", port, err)
		}
	}
}

func TestEveryMistakeNamesItsKey(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":            {"[tables]\nidel = \"1m\"", "tables"},
		"unknown key of own":     {"[game.network]\nport = 1", "network"},
		"unknown section":        {"[tabels]\nidle = \"1m\"", "tabels"},
		"unshared section":       {"[other]\nx = 1", "other"},
		"wrong type":             {"[network]\nlisten_port = \"8080\"", "network.listen_port"},
		"not a duration":         {"[game.tables]\nidle = \"soon\"", "tables.idle"},
		"negative duration":      {"[game.tables]\nidle = \"-1m\"", "tables.idle"},
		"broken rule":            {"[game.tables]\nidle = \"10ms\"", "tables.idle"},
		"not TOML":               {"[network", "defaults.toml"},
		"section is not a table": {"network = 3", "network"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"defaults.toml": tc.text})
			err := config.Load("game", defaults(), config.Source{Dir: dir, Environment: "local"})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one that names %s", err, tc.want)
			}
		})
	}
}

// TestAllMistakesAreReportedTogether has two mistakes in each layer, one that only Validate finds, and one in a second file.
func TestAllMistakesAreReportedTogether(t *testing.T) {
	dir := write(t, map[string]string{
		"defaults.toml": "[tabels]\nx = 1\n[nonsense]\nx = 1\n[game.tables]\nidle = \"10ms\"\nnames = 3\n[network]\nlisten_port = 80",
		"staging.toml":  "[rubbish]\nx = 1\n[network]\nenable_tsl = true",
	})
	err := config.Load("game", defaults(), config.Source{
		Dir: dir, Environment: "staging",
		Environ: []string{"BITCRAPS_NETWORK_ENABLE_TLS=perhaps", "BITCRAPS_AUTH_ALLOW_GUEST=never"},
		Set:     []string{"tables.none", "tables.first=1", "tables.second=2", "api.tables.idle=1s", "auth.secure_cookies=no way"},
	})
	for _, want := range []string{
		"defaults.toml", "tabels", "nonsense", "tables.names", "network.listen_port", "staging.toml", "rubbish", "enable_tsl",
		"BITCRAPS_NETWORK_ENABLE_TLS", "BITCRAPS_AUTH_ALLOW_GUEST", "--set number 1", "tables.first", "tables.second", "api.tables.idle",
		"auth.secure_cookies", "tables.idle: want at least 1s",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in the error: %v", want, err)
		}
	}
}

// TestMistakesAreNotQuoted has mistakes in values that hold passwords.
func TestMistakesAreNotQuoted(t *testing.T) {
	for pair, want := range map[string]string{
		"database.url=postgres://craps:s3cret@db/craps":   "database.url: want a match of ^(sqlite|postgresql)://",
		"database.url=postgresql://craps:s3cret%@db/x":    "write special characters of a password as %XX",
		"database.url:postgresql://craps:s3cret@db/craps": "want key=value",
	} {
		err := config.Load("game", &stored{Database: config.Database{MaxConnections: 2}}, config.Source{Set: []string{pair}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}

type stored struct {
	Database config.Database `koanf:"database"`
}

func (s *stored) Validate() error { return s.Database.Validate() }

func TestOtherServicesSectionsAreSkipped(t *testing.T) {
	dir := write(t, map[string]string{"defaults.toml": "[api.players]\nx = 1\n[telemetry]\nlog_level = \"warn\""})
	if err := config.Load("game", defaults(), config.Source{Dir: dir, Environment: "local"}); err != nil {
		t.Error(err)
	}
}

func TestOneServiceRefusesAnothersKeys(t *testing.T) {
	for all, ok := range map[bool]bool{true: true, false: false} {
		err := config.Load("game", defaults(), config.Source{Set: []string{"api.network.listen_port=2000"}, AllServices: all})
		if (err == nil) != ok {
			t.Errorf("all %v: %v", all, err)
		}
	}
}

func TestMissingEnvironmentFileIsFatal(t *testing.T) {
	dir := write(t, map[string]string{"defaults.toml": ""})
	for _, environment := range []string{"staging", "prod"} {
		if err := config.Load("game", defaults(), config.Source{Dir: dir, Environment: environment}); err == nil {
			t.Errorf("environment %s was accepted", environment)
		}
	}
}

func TestValuesOfEveryKindAreParsed(t *testing.T) {
	cfg := defaults()
	err := config.Load("game", cfg, config.Source{
		Environ: []string{"BITCRAPS_NETWORK_ENABLE_TLS=true", "BITCRAPS_TABLES_IDLE=90s"},
		Set:     []string{"tables.names=a, b", "telemetry.log_level=debug", "auth.allow_guest=true"},
	})
	if got, want := fmt.Sprint(*cfg), "{{{8080 true}} {1m30s [a b]} {true false [] 0s 0s 0s 0 0s}}"; err != nil || got != want {
		t.Errorf("cfg = %s, %v; want %s", got, err, want)
	}
	if err := config.Load("game", cfg, config.Source{Set: []string{"tables.names="}}); err != nil || len(cfg.Tables.Names) != 0 {
		t.Errorf("an empty list is %q, %v", cfg.Tables.Names, err)
	}
	if err := config.Load("game", cfg, config.Source{Set: []string{"nonsense=1"}}); err == nil {
		t.Error("an unknown key on the command line was accepted")
	}
}

func TestSchemaListsEverySection(t *testing.T) {
	text, err := config.Schema(map[string]any{"game": defaults()})
	for _, want := range []string{`"game"`, `"network"`, `"maximum": 65535`, `"additionalProperties": false`} {
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("schema lacks %s (%v)", want, err)
		}
	}
}
