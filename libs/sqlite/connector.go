package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"

	"modernc.org/sqlite" // It needs no C compiler.
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
		// The log grows to 32 MB before its pages go to the file: most have changed again by then, and go once.
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

// pool keeps at most so many connections.
func (c *connector) pool(ctx context.Context, connections int) (*sql.DB, error) {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.path, err), db.Close())
	}
	return db, nil
}
