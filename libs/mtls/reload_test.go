package mtls_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/mtls"
)

// issued returns certificates of a new authority for a server and its client.
func issued(t *testing.T) (game, gateway mtls.Config) {
	t.Helper()
	authority, err := localca.Open(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if game, err = authority.Issue("game", time.Now()); err != nil {
		t.Fatal(err)
	}
	if gateway, err = authority.Issue("gateway", time.Now()); err != nil {
		t.Fatal(err)
	}
	return game, gateway
}

// replace replaces a file's contents atomically.
func replace(t *testing.T, file string, contents ...[]byte) {
	t.Helper()
	if err := os.WriteFile(file+".new", bytes.Join(contents, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	contents, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

func renew(t *testing.T, old, renewed mtls.Config) {
	t.Helper()
	replace(t, old.CertFile, read(t, renewed.CertFile))
	replace(t, old.KeyFile, read(t, renewed.KeyFile))
	replace(t, old.CAFile, read(t, renewed.CAFile))
}

// TestRenewedFilesApplyWithoutRestart renews the files of one end, and connects to another end that has only the new ones.
func TestRenewedFilesApplyWithoutRestart(t *testing.T) {
	game, gateway := issued(t)
	address, _ := serve(t, game)
	dials := client(t, gateway, "game")
	if err := call(t, address, dials); err != nil {
		t.Fatal(err)
	}
	newGame, newGateway := issued(t)
	renew(t, game, newGame)
	if err := call(t, address, client(t, newGateway, "game")); err != nil {
		t.Errorf("the server was renewed: %v", err)
	}
	if err := call(t, address, dials); err == nil {
		t.Error("a certificate of the replaced authority is accepted")
	}
	renew(t, gateway, newGateway)
	if err := call(t, address, dials); err != nil {
		t.Errorf("the client was renewed: %v", err)
	}
}

// TestAuthorityCanBeAdded adds an authority while certificates of both are in use.
func TestAuthorityCanBeAdded(t *testing.T) {
	game, gateway := issued(t)
	address, _ := serve(t, game)
	dials := client(t, gateway, "game")
	_, newGateway := issued(t)
	both := [][]byte{read(t, gateway.CAFile), read(t, newGateway.CAFile)}
	replace(t, game.CAFile, both...)
	replace(t, newGateway.CAFile, both...)
	for name, transport := range map[string]mtls.Config{"old": gateway, "new": newGateway} {
		if err := call(t, address, client(t, transport, "game")); err != nil {
			t.Errorf("a client of the %s authority: %v", name, err)
		}
	}
	if err := call(t, address, dials); err != nil {
		t.Error(err)
	}
}

// TestInvalidFilesKeepPreviousContents breaks the files of a client, which warns once and continues, until they are valid again.
func TestInvalidFilesKeepPreviousContents(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, old, renewed mtls.Config){
		"a certificate ahead of its key": func(t *testing.T, old, renewed mtls.Config) { replace(t, old.CertFile, read(t, renewed.CertFile)) },
		"a key ahead of its certificate": func(t *testing.T, old, renewed mtls.Config) { replace(t, old.KeyFile, read(t, renewed.KeyFile)) },
		"half a certificate":             func(t *testing.T, old, _ mtls.Config) { replace(t, old.CertFile, read(t, old.CertFile)[:100]) },
		"half an authority":              func(t *testing.T, old, _ mtls.Config) { replace(t, old.CAFile, read(t, old.CAFile)[:100]) },
		"no key": func(t *testing.T, old, _ mtls.Config) {
			if err := os.Remove(old.KeyFile); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			game, gateway := issued(t)
			var log bytes.Buffer
			dials, err := gateway.ClientCredentials("game", slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			newGame, newGateway := issued(t)
			spoil(t, gateway, newGateway)
			address, _ := serve(t, game)
			for range 2 {
				if err := call(t, address, dials); err != nil {
					t.Error(err)
				}
			}
			if n := bytes.Count(log.Bytes(), []byte("level=WARN")); n != 1 || !bytes.Contains(log.Bytes(), []byte(filepath.Base(filepath.Dir(gateway.CertFile)))) {
				t.Errorf("%d warnings: %s", n, &log)
			}
			renew(t, gateway, newGateway)
			address, _ = serve(t, newGame)
			if err := call(t, address, dials); err != nil {
				t.Errorf("mended: %v", err)
			}
		})
	}
}
