package bitcraps_test

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMigrateSaysWhatItDid migrates what `bitcraps up` would, twice.
func TestMigrateSaysWhatItDid(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, want := range []string{" went from schema version 0 to ", " is at schema version "} {
		out, err := command(t, "migrate --data-dir "+dir)
		for _, service := range []string{"api", "game"} {
			if line := service + ": " + filepath.Join(dir, service+".db") + want; err != nil || !strings.Contains(out, line) {
				t.Errorf("%v, want %q:\n%s", err, line, out)
			}
		}
	}
}

// TestNothingIsMadeBesideItsRest takes a part of the data away, and another time what it has nothing to lose by.
func TestNothingIsMadeBesideItsRest(t *testing.T) {
	for name, tc := range map[string]struct {
		lost   string // Of the data directory.
		rounds bool
		want   string
	}{
		"the ledger":             {"game.db", false, "game.db is missing, the ledger of the players in "},
		"the chain of some dice": {"consensus", true, "validator-0 is missing, a validator of the chain that threw the dice"},
		"the chain of no dice":   {"consensus", false, "choose another by --http-addr"},
		"a start that was cut":   {"api.db", false, "choose another by --http-addr"},
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
			if tc.rounds {
				addRound(t, filepath.Join(dir, "game.db"))
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

// addRound has a ledger know a round, of whatever game.
func addRound(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.ExecContext(t.Context(), `INSERT INTO rounds (game_id, number, status, commitment, first_die, second_die, call, height, beacon_height,
			beacon_signature, sequence, closed_at, settled_at) VALUES ('g', 1, 2, x'00', 1, 2, '', 1, 2, x'00', 1, 1, 1)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
