package bitcraps_test

import (
	"database/sql"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMissingPartOfDataIsRefused removes a part of the data on which another part depends, and parts on which none does. Starts of the
// latter get as far as the address, which is in use.
func TestMissingPartOfDataIsRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		lost  string // Removed from the data directory.
		begun bool
		want  string
	}{
		"the ledger":              {"game.db", false, "game.db, the ledger of the players in "},
		"the chain of a ledger":   {"consensus", true, "consensus, the folder of the chain that decided the ledger's rounds, has no home "},
		"the players of a ledger": {"api.db", true, "api.db, the players of the ledger, is missing"},
		"a chain without rounds":  {"consensus", false, "choose another with --http-addr"},
		"an interrupted start":    {"api.db", false, "choose another with --http-addr"},
		"one home of a chain":     {"consensus/validator-0", true, "choose another with --http-addr"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := command(t, "migrate --data-dir "+dir); err != nil {
				t.Fatal(err)
			}
			if tc.lost != "consensus" {
				if _, err := command(t, "chain init --dir "+filepath.Join(dir, "consensus")); err != nil {
					t.Fatal(err)
				}
			}
			if tc.begun {
				beginLedger(t, filepath.Join(dir, "game.db"))
			}
			if err := os.RemoveAll(filepath.Join(dir, tc.lost)); err != nil {
				t.Fatal(err)
			}
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = taken.Close() }()
			if _, err := command(t, "up --data-dir "+dir+" --http-addr "+taken.Addr().String()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// beginLedger makes a ledger issue a token, as the service does when it first starts.
func beginLedger(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.ExecContext(t.Context(), `INSERT INTO accounts (id, balance) VALUES ('issuance', -1)`)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
