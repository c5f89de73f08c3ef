package chain

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// restore assembles a snapshot in a staging store, and installs it into the application's empty store once it is verified.
type restore struct {
	manifest *manifest
	appHash  protocol.Hash
	staged   *store
	chunks   string // The folder with the snapshot's chunks, which is offered to peers afterwards.
	close    func() error
	next     int
	size     int // Of the chunks that were added so far, in bytes.
}

// restoreDB is the name of the staging database; its folder ends in .db.
const restoreDB = "restore"

func newRestore(home, chunks string, m *manifest, appHash protocol.Hash) (*restore, error) {
	if err := errors.Join(os.RemoveAll(filepath.Join(home, dataDir, restoreDB+".db")), os.RemoveAll(chunks), os.MkdirAll(chunks, 0o700)); err != nil {
		return nil, err
	}
	db, err := openDB(restoreDB, home)
	if err != nil {
		return nil, err
	}
	return &restore{manifest: m, appHash: appHash, staged: &store{db: db}, chunks: chunks, close: func() error {
		return errors.Join(db.Close(), os.RemoveAll(filepath.Join(home, dataDir, restoreDB+".db")), os.RemoveAll(chunks))
	}}, nil
}

// errChunkHash means that a chunk does not have the hash that the manifest names.
var errChunkHash = errors.New("snapshot: the chunk has another hash")

// add stages a chunk. CometBFT applies chunks in order.
func (r *restore) add(i int, chunk []byte) error {
	if i != r.next || i >= len(r.manifest.Chunks) {
		return fmt.Errorf("snapshot: chunk %d where %d of %d is next", i, r.next, len(r.manifest.Chunks))
	}
	if hash := sha256.Sum256(chunk); string(hash[:]) != string(r.manifest.Chunks[i]) {
		return errChunkHash // The sender of the chunk is at fault. For the errors below, the manifest is.
	}
	if len(chunk) > maxChunk {
		return fmt.Errorf("snapshot: chunk %d has %d bytes, more than %d", i, len(chunk), maxChunk)
	}
	if r.size+len(chunk) > maxSnapshot {
		return errTooLarge
	}
	if err := errors.Join(r.stage(chunk), writeSynced(filepath.Join(r.chunks, chunkFile(i)), chunk)); err != nil {
		return err
	}
	r.next, r.size = r.next+1, r.size+len(chunk)
	return nil
}

// stage writes the pairs of a chunk to the staging store.
func (r *restore) stage(chunk []byte) error {
	batch := r.staged.db.NewBatch()
	defer func() { _ = batch.Close() }()
	if err := eachPair(chunk, func(key, value []byte) error {
		return errors.Join(checkPair(key, value), batch.Set(key, value))
	}); err != nil {
		return err
	}
	return batch.Write()
}

// done reports whether all chunks were added.
func (r *restore) done() bool { return r.next == len(r.manifest.Chunks) }

// install copies the staged state, which is verified and has a group, into the application's store. The tip is written last: a crash
// before that leaves an application without a state, which starts over.
func (r *restore) install(into *store, group *order.Group) error {
	const batchSize = 1000
	batch := into.db.NewBatch()
	n := 0
	flush := func() error {
		err := errors.Join(batch.Write(), batch.Close())
		batch, n = into.db.NewBatch(), 0
		return err
	}
	err := r.staged.scan(nil, nil, func(key, value []byte) error {
		if n++; n > batchSize {
			if err := flush(); err != nil {
				return err
			}
		}
		return batch.Set(key, value)
	})
	if err != nil {
		return errors.Join(err, batch.Close())
	}
	if err := errors.Join(setSharings(batch, group), flush()); err != nil {
		return err
	}
	return errors.Join(batch.Close(), into.commit(tip{Height: r.manifest.Height, AppHash: r.appHash}, order.Result{}))
}

// clear removes what an interrupted install has left in a store without a tip.
func (s *store) clear() error {
	batch := s.db.NewBatch()
	defer func() { _ = batch.Close() }()
	err := s.scan(nil, nil, func(key, _ []byte) error { return batch.Delete(key) })
	return errors.Join(err, batch.Write())
}
