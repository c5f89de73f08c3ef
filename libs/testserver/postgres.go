package testserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres is a private PostgreSQL server that listens on a socket in its own folder, with production's durability settings.
type Postgres struct {
	bin, dir string
	process  *Process
	number   atomic.Int64

	mu        sync.Mutex
	templates map[string]string
}

// shared is the server that all tests of the process share.
var shared = sync.OnceValues(func() (*Postgres, error) {
	server, err := StartPostgres()
	if err != nil {
		return nil, err
	}
	return server, stopAtEnd(server.Stop)
})

// Migrate runs the migrations of an empty database.
type Migrate func(ctx context.Context, url string) (from, to int64, err error)

// Database creates a database for a test on the shared server and returns its URL. The migrations run once for each name; all databases of
// that name are copies of the result. With a nil migrate they are empty.
func Database(t testing.TB, name string, migrate Migrate) string {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return server.Database(t, name, migrate)
}

// NewPostgres starts a server for one test alone, which may restart it. layout has additional arguments for initdb, such as the location of
// the write-ahead log.
func NewPostgres(t testing.TB, layout ...string) *Postgres {
	t.Helper()
	server, err := StartPostgres(layout...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// StartPostgres starts a server for a program that is not a test. The program must stop it.
func StartPostgres(layout ...string) (*Postgres, error) {
	bin, err := Install(findPostgres, "postgresql")
	if err != nil {
		return nil, err
	}
	dir, err := NewDir()
	if err != nil {
		return nil, err
	}
	p := &Postgres{bin: bin, dir: dir, templates: make(map[string]string)}
	initdb := exec.Command(filepath.Join(bin, "initdb"), append(layout, "--pgdata", p.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")...) // This affects initdb alone; the server syncs what tests write.
	initdb.Dir = dir
	if err := asServer(initdb); err != nil {
		return nil, err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return p, p.start()
}

// findPostgres returns the folder of PostgreSQL's programs, which Debian does not put into the PATH.
func findPostgres() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path) // The other programs are next to the file, not next to a link to it.
		return filepath.Dir(path), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // It fails only for a malformed pattern.
	if len(found) == 0 {
		return "", errors.New("PostgreSQL's server programs are missing")
	}
	return filepath.Dir(slices.Max(found)), nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) start() (err error) {
	p.process, err = Start(Command{Dir: p.dir, Path: filepath.Join(p.bin, "postgres"), Signal: "INT",
		Args: []string{"-D", p.data(), "-k", p.dir, "-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=256MB"}},
		func(ctx context.Context) error { return p.exec(ctx, "SELECT 1") })
	return err
}

// Restart ends the server, gracefully with INT or as by a crash with QUIT, and starts it again.
func (p *Postgres) Restart(t testing.TB, signal string) {
	t.Helper()
	if err := p.process.Interrupt(signal); err != nil {
		t.Fatal(err)
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the server gracefully and removes its data.
func (p *Postgres) Stop() error { return p.process.Stop() }

// Bin returns the folder of PostgreSQL's programs.
func (p *Postgres) Bin() string { return p.bin }

// URL returns the URL of a database on the server.
func (p *Postgres) URL(database string) string {
	return (&url.URL{Scheme: "postgresql", Path: "/" + database, RawQuery: url.Values{"host": {p.dir}, "user": {"postgres"}}.Encode()}).String()
}

// Create creates an empty database and returns its URL.
func (p *Postgres) Create(ctx context.Context, database string) (string, error) {
	return p.URL(database), p.exec(ctx, fmt.Sprintf("CREATE DATABASE %q", database))
}

// Database does what the function Database does, on this server.
func (p *Postgres) Database(t testing.TB, name string, migrate Migrate) string {
	t.Helper()
	template, err := p.template(t.Context(), name, migrate)
	if err != nil {
		t.Fatal(err)
	}
	database := fmt.Sprintf("%s_%d", name, p.number.Add(1))
	p.Exec(t, fmt.Sprintf("CREATE DATABASE %q TEMPLATE %q", database, template))
	t.Cleanup(func() { _ = p.exec(context.Background(), fmt.Sprintf("DROP DATABASE %q WITH (FORCE)", database)) })
	return p.URL(database)
}

// template returns the migrated database that those of a name are copied from.
func (p *Postgres) template(ctx context.Context, name string, migrate Migrate) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if template, ok := p.templates[name]; ok {
		return template, nil
	}
	template := "template_" + name
	if err := p.exec(ctx, fmt.Sprintf("CREATE DATABASE %q", template)); err != nil {
		return "", err
	}
	if migrate != nil {
		if _, _, err := migrate(ctx, p.URL(template)); err != nil {
			return "", err
		}
	}
	p.templates[name] = template
	return template, nil
}

// Exec runs a statement as the superuser, such as one that ends other connections.
func (p *Postgres) Exec(t testing.TB, statement string) {
	t.Helper()
	if err := p.exec(context.WithoutCancel(t.Context()), statement); err != nil {
		t.Fatal(err)
	}
}

func (p *Postgres) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
