package fleet

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/services/api"
)

// TestSettingsAreNotOnCommandLines sets a password. Only the service that it is for gets it, and not on the command line.
func TestSettingsAreNotOnCommandLines(t *testing.T) {
	f := &Fleet{dir: t.TempDir(), plan: plan{Options: Options{Engine: SQLite, Set: []string{"telemetry.log_level=debug", "api.mail.smtp_password=s3cret=="}},
		Members: []member{{Service: identity.API, Listen: "127.0.0.1:1", Admin: "127.0.0.1:2"}, {Service: identity.Game, Listen: "127.0.0.1:3", Admin: "127.0.0.1:4"},
			{Service: identity.Consensus, Listen: "127.0.0.1:5", Admin: "127.0.0.1:6", Peer: "127.0.0.1:7"}}}}
	if err := f.writeConfiguration(); err != nil {
		t.Fatal(err)
	}
	if err := f.checkConfiguration(); err != nil {
		t.Error(err)
	}
	for _, p := range f.services() {
		if line := strings.Join(p.args, " "); strings.Contains(line, "s3cret") {
			t.Errorf("%s shows the password: %s", p.name, line)
		}
		if has := strings.Contains(strings.Join(p.env, " "), "s3cret"); has != (p.name == "api-0") {
			t.Errorf("%s has the password: %v", p.name, has)
		}
	}
	cfg := api.Default()
	if err := config.Load(identity.API, &cfg, config.Source{Environ: f.services()[0].env}); err != nil || cfg.Mail.Password != "s3cret==" || cfg.Telemetry.LogLevel != "debug" {
		t.Errorf("api reads %q, %q, %v", cfg.Mail.Password, cfg.Telemetry.LogLevel, err)
	}
	f.plan.Options.Set = []string{"api.mail.smtp_pasword=s3cret"}
	if err := f.checkConfiguration(); err == nil || !strings.Contains(err.Error(), "smtp_pasword") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("an unknown key: %v", err)
	}
}
