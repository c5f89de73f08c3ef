package chain

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/types"

	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// snapshots keeps the state behind some blocks in files, for validators that lost theirs or come later. The state only grows,
// and every part of it says at which height it came, so the state of a past block can be read from that of today. The group
// is the one part that changes: it is copied where a snapshot will be due.
type snapshotStore struct {
	dir   string
	store *store
	every int64
}

// dueGroups is how many copies of the group are kept: a snapshot is made some blocks behind its own.
const savedGroups = 8

// note copies the group behind a block that a snapshot will be made of.
func (s *snapshotStore) saveGroup(height int64, group *order.Group) error {
	if s.every == 0 || height > 1 && height%s.every != 0 {
		return nil
	}
	text, err := s.store.db.Get(groupKey)
	if err == nil && text == nil { // No block has changed that of genesis yet.
		text, err = json.Marshal(group)
	}
	if err != nil {
		return err
	}
	batch := s.store.db.NewBatch()
	defer func() { _ = batch.Close() }()
	err = s.store.scan([]byte("q"), savedGroupKey(max(0, height-savedGroups*s.every)), func(key, _ []byte) error { return batch.Delete(slices.Clone(key)) })
	return errors.Join(err, batch.Set(savedGroupKey(height), text), batch.Write())
}

const (
	// keptSnapshots is how many there are at a time: a new one must not take away what a peer is fetching.
	keptSnapshots = 2
	manifestFile  = "manifest.json"
)

func (s *snapshotStore) path(height int64) string {
	return filepath.Join(s.dir, strconv.FormatInt(height, 10))
}

func chunkFile(i int) string { return fmt.Sprintf("chunk-%05d", i) }

// heights are those of the snapshots that are there, the latest last.
func (s *snapshotStore) heights() ([]int64, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var heights []int64
	for _, entry := range entries {
		if height, err := strconv.ParseInt(entry.Name(), 10, 64); err == nil {
			heights = append(heights, height)
		}
	}
	slices.Sort(heights)
	return heights, err
}

func (s *snapshotStore) manifest(height int64) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(s.path(height), manifestFile))
	if err != nil {
		return nil, err
	}
	return parseManifest(text)
}

// list returns what peers are offered: what can be read, since one that can't must not hide the others.
func (s *snapshotStore) list() ([]*abci.Snapshot, error) {
	heights, err := s.heights()
	if err != nil {
		return nil, err
	}
	var all []*abci.Snapshot
	for _, height := range heights {
		m, err := s.manifest(height)
		if err != nil { // It is being forgotten, or that was cut short, or the disk lost it.
			continue
		}
		if snapshot, err := m.snapshot(); err == nil {
			all = append(all, snapshot)
		}
	}
	return all, nil
}

// chunk returns one of a snapshot's; nil where it is not there.
func (s *snapshotStore) chunk(height int64, i int) ([]byte, error) {
	chunk, err := os.ReadFile(filepath.Join(s.path(height), chunkFile(i)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return chunk, err
}

// make writes the snapshot of a height. It is written beside its place and moved into it in the end: a crash leaves a
// whole snapshot or none.
func (s *snapshotStore) make(height int64, hops []*receiptv1.LightBlock, blocks []*types.LightBlock) (err error) {
	dir := s.path(height)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := errors.Join(s.removeDrafts(), os.MkdirAll(dir+draftSuffix, 0o700)); err != nil {
		return err
	}
	defer func() {
		if err != nil { // What is left of it would fill a disk that is full already.
			err = errors.Join(err, os.RemoveAll(dir+draftSuffix))
		}
	}()
	m, err := newManifest(height, hops, blocks)
	if err != nil {
		return err
	}
	if err := s.writeChunks(dir+draftSuffix, m); err != nil {
		return err
	}
	return s.publish(m)
}

// draft ends the name of a snapshot that is not whole yet.
const draftSuffix = ".new"

// dropDrafts removes what was cut short.
func (s *snapshotStore) removeDrafts() error {
	drafts, err := filepath.Glob(filepath.Join(s.dir, "*"+draftSuffix))
	for _, dir := range drafts {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// place puts a snapshot whose chunks are written into its place.
func (s *snapshotStore) publish(m *manifest) error {
	dir := s.path(m.Height)
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := errors.Join(writeSynced(filepath.Join(dir+draftSuffix, manifestFile), text), os.Rename(dir+draftSuffix, dir)); err != nil {
		return err
	}
	return s.prune()
}

// writeSynced writes a file that is on the disk behind it: what is renamed must not be empty after a power failure.
func writeSynced(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// forget removes old snapshots.
func (s *snapshotStore) prune() error {
	heights, err := s.heights()
	for i := 0; err == nil && i+keptSnapshots < len(heights); i++ {
		err = os.RemoveAll(s.path(heights[i]))
	}
	return err
}

// writeChunks writes the state behind the manifest's block, and the hashes of its chunks into the manifest.
func (s *snapshotStore) writeChunks(dir string, m *manifest) error {
	chunk, size := newChunk(), 0
	flush := func() error {
		if size += len(chunk); size > maxSnapshot {
			return errTooLarge
		}
		hash := sha256.Sum256(chunk)
		err := writeSynced(filepath.Join(dir, chunkFile(len(m.Chunks))), chunk)
		m.Chunks, chunk = append(m.Chunks, hash[:]), newChunk()
		return err
	}
	err := s.store.snapshotPairs(m.Height, func(key, value []byte) error {
		chunk = appendPair(chunk, key, value)
		if len(chunk) < chunkSize {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush() // Also where nothing was decided yet: a snapshot has a chunk.
}
