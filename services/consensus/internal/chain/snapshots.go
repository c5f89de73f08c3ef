package chain

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
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

	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// snapshots keeps the state behind some blocks in files, for validators that lost theirs. The state only grows, and every
// part of it says at which height it came, so the state of a past block can be read from that of today.
type snapshots struct {
	dir   string
	store *store
}

const (
	// keptSnapshots is how many there are at a time: a new one must not take away what a peer is fetching.
	keptSnapshots = 2
	manifestFile  = "manifest.json"
)

func (s *snapshots) path(height int64) string {
	return filepath.Join(s.dir, strconv.FormatInt(height, 10))
}

func chunkFile(i int) string { return fmt.Sprintf("chunk-%05d", i) }

// heights are those of the snapshots that are there, the latest last.
func (s *snapshots) heights() ([]int64, error) {
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

func (s *snapshots) manifest(height int64) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(s.path(height), manifestFile))
	if err != nil {
		return nil, err
	}
	return parseManifest(text)
}

// list returns what peers are offered.
func (s *snapshots) list() ([]*abci.Snapshot, error) {
	heights, err := s.heights()
	if err != nil {
		return nil, err
	}
	var all []*abci.Snapshot
	for _, height := range heights {
		m, err := s.manifest(height)
		if err != nil {
			return nil, err
		}
		snapshot, err := m.snapshot()
		if err != nil {
			return nil, err
		}
		all = append(all, snapshot)
	}
	return all, nil
}

// chunk returns one of a snapshot's; nil where it is not there.
func (s *snapshots) chunk(height int64, i int) ([]byte, error) {
	chunk, err := os.ReadFile(filepath.Join(s.path(height), chunkFile(i)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return chunk, err
}

// make writes the snapshot of a height. It is written beside its place and moved into it in the end: a crash leaves a
// whole snapshot or none.
func (s *snapshots) make(height int64, blocks []*types.LightBlock) error {
	dir := s.path(height)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := errors.Join(os.RemoveAll(dir+".new"), os.MkdirAll(dir+".new", 0o700)); err != nil {
		return err
	}
	m := &manifest{Height: height}
	for _, block := range blocks {
		message, err := block.ToProto()
		if err != nil {
			return err
		}
		b, err := message.Marshal()
		if err != nil {
			return err
		}
		m.Blocks = append(m.Blocks, b)
	}
	if err := s.writeChunks(dir+".new", m); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir+".new", manifestFile), text, 0o600), os.Rename(dir+".new", dir)); err != nil {
		return err
	}
	return s.forget()
}

// forget removes old snapshots.
func (s *snapshots) forget() error {
	heights, err := s.heights()
	for i := 0; err == nil && i+keptSnapshots < len(heights); i++ {
		err = os.RemoveAll(s.path(heights[i]))
	}
	return err
}

// writeChunks writes the state behind the manifest's block, and the hashes of its chunks into the manifest.
func (s *snapshots) writeChunks(dir string, m *manifest) error {
	chunk := newChunk()
	flush := func() error {
		hash := sha256.Sum256(chunk)
		err := os.WriteFile(filepath.Join(dir, chunkFile(len(m.Chunks))), chunk, 0o600)
		m.Chunks, chunk = append(m.Chunks, hash[:]), newChunk()
		return err
	}
	err := s.store.pairs(m.Height, func(key, value []byte) error {
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

// newChunk begins a chunk: the format, then pairs of a key and its value, each behind its length as a varint. CometBFT takes
// none without a byte.
func newChunk() []byte { return []byte{snapshotFormat} }

func appendPair(chunk, key, value []byte) []byte {
	for _, b := range [][]byte{key, value} {
		chunk = append(binary.AppendUvarint(chunk, uint64(len(b))), b...)
	}
	return chunk
}

var errChunk = errors.New("snapshot: a chunk is cut off")

// eachPair reads a chunk that a peer sent.
func eachPair(chunk []byte, f func(key, value []byte) error) error {
	next := func() ([]byte, bool) {
		length, n := binary.Uvarint(chunk)
		if n <= 0 || length > uint64(len(chunk)-n) {
			return nil, false
		}
		b := chunk[n : n+int(length)]
		chunk = chunk[n+int(length):]
		return b, true
	}
	if len(chunk) == 0 || chunk[0] != snapshotFormat {
		return errChunk
	}
	chunk = chunk[1:]
	for len(chunk) > 0 {
		key, ok := next()
		if !ok {
			return errChunk
		}
		value, ok := next()
		if !ok {
			return errChunk
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}

// pairs calls f with everything that the state behind a block is made of, and with the beacon behind it.
func (s *store) pairs(height int64, f func(key, value []byte) error) error {
	known, err := s.convictions()
	if err != nil {
		return err
	}
	for _, c := range order.KnownAt(known, height) {
		if err := f(convictionKey(c.Validator), encodeConviction(c)); err != nil {
			return err
		}
	}
	rounds := func(key, round []byte) error {
		value, err := s.db.Get(append([]byte("r"), round...))
		return errors.Join(err, f(key, round), f(append([]byte("r"), round...), value))
	}
	sets := make(map[string]bool)
	records := func(key, value []byte) error {
		r, err := decodeRecord(value)
		if err != nil {
			return err
		}
		if hash := r.header.ValidatorsHash; !sets[string(hash)] {
			sets[string(hash)] = true
			set, err := s.db.Get(validatorsKey(hash))
			if err := errors.Join(err, f(validatorsKey(hash), set)); err != nil {
				return err
			}
		}
		return f(key, value)
	}
	return errors.Join(
		s.between([]byte("h"), heightKey(height+1), rounds),
		s.between([]byte("b"), beaconKey(height+2), f),
		s.between([]byte("p"), recordKey(height+1), records),
	)
}

// ListSnapshots implements abci.Application.
func (a *app) ListSnapshots(context.Context, *abci.RequestListSnapshots) (*abci.ResponseListSnapshots, error) {
	all, err := a.snapshots.list()
	return &abci.ResponseListSnapshots{Snapshots: all}, err
}

// LoadSnapshotChunk implements abci.Application.
func (a *app) LoadSnapshotChunk(_ context.Context, req *abci.RequestLoadSnapshotChunk) (*abci.ResponseLoadSnapshotChunk, error) {
	if req.Format != snapshotFormat || req.Chunk > maxChunks || req.Height > 1<<62 {
		return &abci.ResponseLoadSnapshotChunk{}, nil
	}
	chunk, err := a.snapshots.chunk(int64(req.Height), int(req.Chunk))
	return &abci.ResponseLoadSnapshotChunk{Chunk: chunk}, err
}

// keepSnapshots makes a snapshot wherever one is due, beside everything else.
func (n *Node) keepSnapshots() {
	for {
		select {
		case <-n.due:
		case <-n.stop:
			return
		}
		if n.snapshotBlocks == 0 {
			continue
		}
		if err := n.makeSnapshot(snapshotHeight(n.collected.Load(), n.snapshotBlocks)); err != nil {
			n.logger.Warn("no snapshot", "error", err)
		}
	}
}

// snapshotHeight is where the latest snapshot of a chain is; 0 where there is none yet. All validators make theirs at the
// same heights, so that one can be fetched from several. The first block has one too: a short chain can be joined as well.
// A snapshot goes out with two blocks behind it, and the commit of the last one is in a third.
func snapshotHeight(height, every int64) int64 {
	if height < 4 {
		return 0
	}
	return max(1, (height-3)/every*every)
}

// makeSnapshot makes the snapshot of a height, unless it is there, or this validator has not or no longer the blocks.
func (n *Node) makeSnapshot(height int64) error {
	if height == 0 || height < n.comet.BlockStore().Base() {
		return nil
	}
	if _, err := os.Stat(n.app.snapshots.path(height)); err == nil {
		return nil
	}
	blocks, err := n.pivots(height)
	if err != nil {
		return err
	}
	for h := height; h < height+3; h++ {
		r, err := n.readRecord(h)
		if errors.Is(err, ErrNoBlock) {
			return nil
		}
		if err != nil {
			return err
		}
		blocks = append(blocks, r.lightBlock())
	}
	return n.app.snapshots.make(height, blocks)
}

// pivots are blocks below a height that lead from each set of validators to the next.
func (n *Node) pivots(below int64) (blocks []*types.LightBlock, err error) {
	set := trustGenesis(n.home.genesis).set.Hash()
	err = n.store.between([]byte("p"), recordKey(below), func(key, value []byte) error {
		r, err := decodeRecord(value)
		if err != nil || bytes.Equal(r.header.ValidatorsHash, set) {
			return err
		}
		if r, err = n.store.record(r.header.Height); err != nil {
			return err
		}
		set, blocks = r.header.ValidatorsHash, append(blocks, r.lightBlock())
		return nil
	})
	return blocks, err
}

func (r *record) lightBlock() *types.LightBlock {
	return &types.LightBlock{SignedHeader: &types.SignedHeader{Header: &r.header, Commit: r.commit}, ValidatorSet: r.validators}
}
