package chain

import (
	"runtime"
	"sync"

	dbm "github.com/cometbft/cometbft-db"
)

// database ends goroutines that use it after it was closed. CometBFT's gossip goroutines outlive a stopped node by some seconds of sleep,
// and its state sync by the verification of a snapshot; both would panic over the closed store and so crash the process.
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

// use keeps the database open until release is called; if it is closed, use ends the goroutine.
func (d *database) use() (release func()) {
	d.mu.RLock()
	if d.closed {
		d.mu.RUnlock()
		runtime.Goexit()
	}
	return d.mu.RUnlock
}

// Get implements dbm.DB.
func (d *database) Get(key []byte) ([]byte, error) {
	defer d.use()()
	return d.DB.Get(key)
}

// Has implements dbm.DB.
func (d *database) Has(key []byte) (bool, error) {
	defer d.use()()
	return d.DB.Has(key)
}

// Iterator implements dbm.DB.
func (d *database) Iterator(start, end []byte) (dbm.Iterator, error) {
	defer d.use()()
	return d.DB.Iterator(start, end)
}

// ReverseIterator implements dbm.DB.
func (d *database) ReverseIterator(start, end []byte) (dbm.Iterator, error) {
	defer d.use()()
	return d.DB.ReverseIterator(start, end)
}

// Set implements dbm.DB.
func (d *database) Set(key, value []byte) error {
	defer d.use()()
	return d.DB.Set(key, value)
}

// SetSync implements dbm.DB.
func (d *database) SetSync(key, value []byte) error {
	defer d.use()()
	return d.DB.SetSync(key, value)
}

// Delete implements dbm.DB.
func (d *database) Delete(key []byte) error {
	defer d.use()()
	return d.DB.Delete(key)
}

// DeleteSync implements dbm.DB.
func (d *database) DeleteSync(key []byte) error {
	defer d.use()()
	return d.DB.DeleteSync(key)
}

// NewBatch implements dbm.DB.
func (d *database) NewBatch() dbm.Batch { return batch{d.DB.NewBatch(), d} }

// batch ends goroutines that write it after its database was closed.
type batch struct {
	dbm.Batch
	db *database
}

// Write implements dbm.Batch.
func (b batch) Write() error {
	defer b.db.use()()
	return b.Batch.Write()
}

// WriteSync implements dbm.Batch.
func (b batch) WriteSync() error {
	defer b.db.use()()
	return b.Batch.WriteSync()
}
