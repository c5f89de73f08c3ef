package e2e_test

import (
	"crypto/ed25519"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // Opens the databases of fleets.
	_ "modernc.org/sqlite"             // Opens the databases of one process.

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/token"
	"github.com/bitcraps/bitcraps/services/api"
)

// signingKey takes the platform's own key out of its database.
func signingKey(t *testing.T, tg *target) (key token.Key) {
	t.Helper()
	driver, source := "sqlite", filepath.Join(tg.dir, "api.db")
	if tg.platform == nil {
		cfg := api.Default()
		if err := config.Load("api", &cfg, config.Source{Dir: filepath.Join(tg.dir, "config", "api-0"), Environment: "local"}); err != nil {
			t.Fatal(err)
		}
		if source = cfg.Database.URL; strings.HasPrefix(source, "postgresql://") {
			driver = "pgx"
		}
		source = strings.TrimPrefix(source, "sqlite://")
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var seed []byte
	if err := db.QueryRowContext(t.Context(), "SELECT id, seed FROM signing_keys").Scan(&key.ID, &seed); err != nil {
		t.Fatal(err)
	}
	key.Private = ed25519.NewKeyFromSeed(seed)
	return key
}
