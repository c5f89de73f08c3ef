package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"

	"modernc.org/sqlite" // Written in Go: it needs no C compiler.
)

// connector opens connections to a file and counts them.
type connector struct {
	driver       sqlite.Driver
	path, source string
	opened       atomic.Int64
}

func newConnector(path string, query url.Values) *connector {
	query["_pragma"] = []string{
		"busy_timeout(5000)", "foreign_keys(1)", "journal_mode(WAL)",
		"synchronous(FULL)", // NORMAL would lose acknowledged commits in a power failure.
		"temp_store(MEMORY)",
		// The log grows to 32 MB before its pages are written to the file: most have changed several times by then, and are written once.
		"wal_autocheckpoint(8192)",
	}
	return &connector{path: path, source: "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()}
}

// Connect implements driver.Connector.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	c.opened.Add(1)
	return c.driver.Open(c.source)
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return &c.driver }

// pool opens a pool of at most so many connections.
func (c *connector) pool(ctx context.Context, connections int) (*sql.DB, error) {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.path, err), db.Close())
	}
	return db, nil
}
