package chain

import (
	"path/filepath"
	"runtime"
	"sync"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// openDB opens one of a validator's databases.
func openDB(name, home string) (dbm.DB, error) {
	// Each validator has four databases; the engine's own defaults would buffer far more than they hold.
	options := &opt.Options{BlockCacheCapacity: 2 << 20, WriteBuffer: 512 << 10, OpenFilesCacheCapacity: 64}
	db, err := dbm.NewGoLevelDBWithOpts(name, filepath.Join(home, dataDir), options)
	return &database{DB: db}, err
}

// database ends goroutines that read from it after it was closed. CometBFT's gossip outlives the node that stopped by
// some seconds of sleep, and would take the whole process down with a panic over the closed store.
type database struct {
	dbm.DB
	mu     sync.RWMutex
	closed bool
}

// Close implements dbm.DB. It may be called more than once.
func (d *database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	return d.DB.Close()
}

// reading holds the database open until release is called, or ends the goroutine.
func (d *database) reading() (release func()) {
	d.mu.RLock()
	if d.closed {
		d.mu.RUnlock()
		runtime.Goexit()
	}
	return d.mu.RUnlock
}

// Get implements dbm.DB.
func (d *database) Get(key []byte) ([]byte, error) {
	defer d.reading()()
	return d.DB.Get(key)
}

// Has implements dbm.DB.
func (d *database) Has(key []byte) (bool, error) {
	defer d.reading()()
	return d.DB.Has(key)
}

// Iterator implements dbm.DB.
func (d *database) Iterator(start, end []byte) (dbm.Iterator, error) {
	defer d.reading()()
	return d.DB.Iterator(start, end)
}

// ReverseIterator implements dbm.DB.
func (d *database) ReverseIterator(start, end []byte) (dbm.Iterator, error) {
	defer d.reading()()
	return d.DB.ReverseIterator(start, end)
}
