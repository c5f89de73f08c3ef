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

// snapshotStore keeps snapshots of the state in files, for validators that lost their data or join later. The state is append-only and
// each of its entries has the height at which it was added, so the state after an earlier block can be read from the current one. Only
// the group changes in place: it is copied at the heights that a snapshot will be made of.
type snapshotStore struct {
	dir   string
	store *store
	every int64
}

// savedGroups is how many copies of the group are kept: a snapshot is made some blocks after its height.
const savedGroups = 8

// saveGroup copies the group if a snapshot will be made of the block.
func (s *snapshotStore) saveGroup(height int64, group *order.Group) error {
	if s.every == 0 || height > 1 && height%s.every != 0 {
		return nil
	}
	text, err := s.store.db.Get(groupKey)
	if err == nil && text == nil { // It is still the group of genesis.
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
	// keptSnapshots is how many snapshots are kept: a new one must not remove the one that a peer is fetching.
	keptSnapshots = 2
	manifestFile  = "manifest.json"
)

func (s *snapshotStore) path(height int64) string {
	return filepath.Join(s.dir, strconv.FormatInt(height, 10))
}

func chunkFile(i int) string { return fmt.Sprintf("chunk-%05d", i) }

// heights returns the heights of the stored snapshots, in ascending order.
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

// list returns the snapshots that are offered to peers. It skips unreadable ones, which must not hide the others.
func (s *snapshotStore) list() ([]*abci.Snapshot, error) {
	heights, err := s.heights()
	if err != nil {
		return nil, err
	}
	var all []*abci.Snapshot
	for _, height := range heights {
		m, err := s.manifest(height)
		if err != nil { // It is being removed, or a crash interrupted the removal, or the disk lost it.
			continue
		}
		if snapshot, err := m.snapshot(); err == nil {
			all = append(all, snapshot)
		}
	}
	return all, nil
}

// chunk returns a chunk of a snapshot; nil if it does not exist.
func (s *snapshotStore) chunk(height int64, i int) ([]byte, error) {
	chunk, err := os.ReadFile(filepath.Join(s.path(height), chunkFile(i)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return chunk, err
}

// make writes the snapshot of a height. It is written to a temporary folder and renamed at the end: a crash leaves either a complete
// snapshot or none.
func (s *snapshotStore) make(height int64, hops []*receiptv1.LightBlock, blocks []*types.LightBlock) (err error) {
	dir := s.path(height)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := errors.Join(s.removeDrafts(), os.MkdirAll(dir+draftSuffix, 0o700)); err != nil {
		return err
	}
	defer func() {
		if err != nil { // A full disk is the likely cause, so the partial snapshot is removed.
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

// draftSuffix ends the name of the folder of an incomplete snapshot.
const draftSuffix = ".new"

// removeDrafts removes incomplete snapshots.
func (s *snapshotStore) removeDrafts() error {
	drafts, err := filepath.Glob(filepath.Join(s.dir, "*"+draftSuffix))
	for _, dir := range drafts {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// publish writes the manifest of a snapshot whose chunks are written, and renames the folder.
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

// writeSynced writes a file and syncs it: a renamed file must not be empty after a power failure.
func writeSynced(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// prune removes old snapshots.
func (s *snapshotStore) prune() error {
	heights, err := s.heights()
	for i := 0; err == nil && i+keptSnapshots < len(heights); i++ {
		err = os.RemoveAll(s.path(heights[i]))
	}
	return err
}

// writeChunks writes the state after the manifest's block in chunks, and their hashes into the manifest.
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
	return flush() // Even if nothing was decided yet: a snapshot has at least one chunk.
}
