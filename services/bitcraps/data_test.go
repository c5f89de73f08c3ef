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

// TestNothingIsMadeBesideItsRest takes a part of the data away, and another time what it has nothing to lose by.
func TestNothingIsMadeBesideItsRest(t *testing.T) {
	for name, tc := range map[string]struct {
		lost  string // Of the data directory.
		begun bool
		want  string
	}{
		"the ledger":            {"game.db", false, "game.db is missing, the ledger of the players in "},
		"the chain of a ledger": {"consensus", true, "validator-0 is missing, a validator of the chain that threw the dice"},
		"the chain of nothing":  {"consensus", false, "choose another by --http-addr"},
		"a start that was cut":  {"api.db", false, "choose another by --http-addr"},
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
				begin(t, filepath.Join(dir, "game.db"))
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

// begin has a ledger issue a token, as a service does that starts.
func begin(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.ExecContext(t.Context(), `INSERT INTO accounts (id, balance) VALUES ('issuance', -1)`)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
