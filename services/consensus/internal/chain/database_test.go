package chain

import (
	"testing"

	dbm "github.com/cometbft/cometbft-db"
)

// TestAClosedDatabaseEndsItsUsers uses a store that is closed, as goroutines that outlive a node do: no call returns, fails or panics.
func TestAClosedDatabaseEndsItsUsers(t *testing.T) {
	db, err := openDB("state", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.SetSync([]byte("key"), []byte("value")); err != nil {
		t.Fatal(err)
	}
	batch := db.NewBatch()
	if err := batch.Set([]byte("other"), []byte("value")); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	key := []byte("key")
	for name, use := range map[string]func() error{
		"get":              func() error { _, err := db.Get(key); return err },
		"has":              func() error { _, err := db.Has(key); return err },
		"iterator":         func() error { _, err := db.Iterator(nil, nil); return err },
		"reverse iterator": func() error { _, err := db.ReverseIterator(nil, nil); return err },
		"set":              func() error { return db.Set(key, key) },
		"set, synced":      func() error { return db.SetSync(key, key) },
		"delete":           func() error { return db.Delete(key) },
		"delete, synced":   func() error { return db.DeleteSync(key) },
		"batch":            batch.Write,
		"batch, synced":    batch.WriteSync,
		"a new batch":      func() error { return write(db.NewBatch()) },
	} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			t.Errorf("%s returned %v", name, use())
		}()
		<-ended
	}
}

func write(b dbm.Batch) error {
	_ = b.Set([]byte("key"), nil)
	return b.WriteSync()
}
