package chain

import (
	"fmt"
	"path/filepath"

	dbm "github.com/cometbft/cometbft-db"
	cmt "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/state"
	blockstore "github.com/cometbft/cometbft/store"
	"github.com/syndtr/goleveldb/leveldb/opt"
)

// openDB opens one of a validator's databases.
func openDB(name, home string) (dbm.DB, error) {
	// Each validator has four databases; the engine's defaults would buffer far more than these contain.
	options := &opt.Options{BlockCacheCapacity: 2 << 20, WriteBuffer: 512 << 10, OpenFilesCacheCapacity: 64}
	db, err := dbm.NewGoLevelDBWithOpts(name, filepath.Join(home, dataDir), options)
	return &database{DB: db}, err
}

// openDB opens one of this validator's databases, which close closes.
func (n *Node) openDB(name string) (dbm.DB, error) {
	db, err := openDB(name, n.home.dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	n.databases = append(n.databases, db)
	return db, nil
}

// CometBFT's names for two of its databases.
const (
	stateDB = "state"
	blockDB = "blockstore"
)

// openCometDB opens CometBFT's databases. It keeps stores over two of them: the state with the validator sets, which CometBFT's node does
// not expose, and the blocks, which it exposes only once it runs.
func (n *Node) openCometDB(ctx *cmt.DBContext) (dbm.DB, error) {
	db, err := n.openDB(ctx.ID)
	if err != nil {
		return nil, err
	}
	switch ctx.ID {
	case stateDB:
		n.states = state.NewStore(db, state.StoreOptions{})
	case blockDB:
		n.blocks = blockstore.NewBlockStore(db)
	}
	return db, nil
}
