package e2e_test

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus"
)

// TestPartsFromDifferentTimesAreRefused restores the databases and the validators' homes from different copies of the data.
func TestPartsFromDifferentTimesAreRefused(t *testing.T) {
	data, before, after, foreign := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	newChain(t, foreign)
	c := newClient(t, "")
	game := c.playOn(data, "")
	copyTo(t, before, data, "*")
	c.playOn(data, game)
	copyTo(t, after, data, "*")
	for name, tc := range map[string]struct{ databases, chain, want string }{
		"an older chain":  {after, before, "is older than the ledger, or another one's: it ends at block "},
		"an older ledger": {before, after, "the ledger is older than the chain, which has already decided round 4 of game "},
		"a foreign chain": {after, foreign, "or another one's: it ends at block 0"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			copyTo(t, dir, tc.databases, "*.db")
			copyTo(t, dir, tc.chain, "consensus")
			tg, err := launch(dir)
			if err == nil {
				_ = tg.stop()
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), chainHint) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	t.Run("a new chain", func(t *testing.T) {
		dir := t.TempDir()
		copyTo(t, dir, after, "*.db")
		newChain(t, dir)
		c.playOn(dir, game)
		c.playOn(dir, game) // From now on the new chain has decided the ledger's latest round.
	})
	t.Run("one copy of all", func(t *testing.T) { c.playOn(before, game) })
}

// chainHint is a part of what to do.
const chainHint = "create a new chain with `bitcraps chain init`"

// playOn runs a platform on a folder for three rounds of a game, of a new one where none is given, and returns the game.
func (c *client) playOn(dir, game string) string {
	c.t.Helper()
	tg, err := launch(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() {
		if err := tg.stop(); err != nil {
			c.t.Error(err)
		}
	}()
	c.base = tg.url()
	if game == "" {
		game = c.newGame()
	}
	for range 3 {
		if c.must(200, "GET", game, nil).str("phase") == "PHASE_COME_OUT" {
			c.bet(game, "pass_line", 10)
		}
		c.must(200, "POST", game+"/roll", nil)
	}
	return game
}

func newChain(t *testing.T, dir string) {
	t.Helper()
	if err := consensus.InitNetwork(filepath.Join(dir, "consensus"), "bitcraps-new", 4, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// copyTo copies the files and folders of a folder whose names match a pattern.
func copyTo(t *testing.T, to, from, pattern string) {
	t.Helper()
	names, err := fs.Glob(os.DirFS(from), pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s in %s: %v", pattern, from, err)
	}
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(from, name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			copied := filepath.Join(to, strings.TrimPrefix(path, from))
			if entry.IsDir() {
				return os.Mkdir(copied, 0o700)
			}
			content, err := os.ReadFile(path)
			return cmp.Or(err, os.WriteFile(copied, content, 0o600))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
