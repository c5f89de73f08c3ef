package fleet

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/bitcraps/bitcraps/libs/identity"
)

func planFile(dir string) string { return filepath.Join(dir, "fleet.json") }

// loadPlan returns os.ErrNotExist where no fleet was ever started.
func loadPlan(dir string) (p plan, err error) {
	text, err := os.ReadFile(planFile(dir))
	if err != nil {
		return plan{}, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return plan{}, fmt.Errorf("%s: %w", planFile(dir), err)
	}
	return p, nil
}

// Addresses returns the addresses of the replicas of a service of the fleet in a folder. It returns os.ErrNotExist where no fleet was
// ever started.
func Addresses(dir, service string) ([]string, error) {
	p, err := loadPlan(dir)
	return p.addresses(service), err
}

func (p plan) save(dir string) error {
	text, err := json.MarshalIndent(p, "", "  ") //nolint:gosec // The file stores the password, and only its owner can read it.
	if err != nil {
		return err
	}
	return replaceFile(planFile(dir), text)
}

// hasData reports whether the fleet's databases were created. Those of a given server are taken to be.
func (p plan) hasData(dir string) bool {
	if p.Options.DatabaseURL != "" {
		return true
	}
	for _, name := range map[string][]string{SQLite: {identity.API + ".db", identity.Game + ".db"}, PostgreSQL: {postgresName}}[p.Options.Engine] {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// matches reports whether the plan was made for the options.
func (p plan) matches(opts Options) bool {
	old := p.Options
	return old.Engine == opts.Engine && old.DatabaseURL == opts.DatabaseURL && old.RedisURL == opts.RedisURL && old.Port == opts.Port &&
		slices.Equal(old.Set, opts.Set)
}
