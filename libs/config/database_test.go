package config_test

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/config"
)

func TestDatabaseURLs(t *testing.T) {
	for url, ok := range map[string]bool{
		"sqlite://data/game.db": true, "sqlite://": false,
		"postgresql://craps@db.example:5432/craps?search_path=game": true, "postgresql:///craps?host=/run/postgresql": true,
		"postgres://db/craps": false, "mysql://db/craps": false, "": false,
		"postgresql://craps:se%cret@db/craps": false,
	} {
		err := config.Database{URL: url, MaxConnections: 2}.Validate()
		if (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "se%cret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestPostgresNeedsTwoConnections(t *testing.T) {
	for url, want := range map[string]string{"sqlite://game.db": "", "postgresql://db/craps": "database.max_connections"} {
		err := config.Database{URL: url, MaxConnections: 1}.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

func TestInSchema(t *testing.T) {
	for url, want := range map[string]string{
		"postgresql://db/craps":                 "postgresql://db/craps?search_path=game",
		"postgresql://db/craps?sslmode=require": "postgresql://db/craps?search_path=game&sslmode=require",
		"postgresql://db/craps?search_path=x":   "",
		"sqlite://game.db":                      "",
	} {
		if got, err := config.InSchema(url, "game"); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", url, got, err)
		}
	}
}
