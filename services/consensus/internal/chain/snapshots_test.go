package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"testing"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/types"
	"go.dedis.ch/kyber/v4/util/random"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// history is a chain's state with what it is checked against, behind each of its blocks.
type history struct {
	store  *store
	key    beacon.Key
	hashes []protocol.Hash // By height; the first is that of genesis.
}

// newHistory executes blocks that order the numbers of rounds which draw returns, with convictions in between.
func newHistory(t interface{ Fatal(...any) }, blocks int, rounds func(height int64) int) history {
	public, shares := threshold.Deal(1, 1, random.New())
	key, err := beacon.ParseKey(public.GroupKey())
	if err != nil {
		t.Fatal(err)
	}
	h := history{store: &store{db: dbm.NewMemDB()}, key: key, hashes: []protocol.Hash{{7}}}
	members := []order.Address{{1}, {2}, {3}, {4}, {5}, {6}, {7}}
	for height := int64(1); height <= int64(blocks); height++ {
		var ordered []order.Ordered
		for i := range rounds(height) {
			ordered = append(ordered, order.Ordered{Commitment: protocol.Commitment{Game: protocol.ID{byte(i)}, Round: uint64(height)}, Height: height})
		}
		var accused []order.Offence
		if height%3 == 0 {
			accused = []order.Offence{{Validator: members[height%7], Height: height - 1}}
		}
		known, err := h.store.convictions()
		if err != nil {
			t.Fatal(err)
		}
		changed, _ := order.Convict(known, members, 5, height, accused)
		hash := order.HashConvictions(order.HashOrdered(h.hashes[height-1], height, ordered), changed)
		if err := h.store.commit(tip{Height: height, AppHash: hash}, ordered, changed); err != nil {
			t.Fatal(err)
		}
		h.hashes = append(h.hashes, hash)
		if len(ordered) > 0 {
			signature, err := shares[0].Sign(height + 1)
			if err == nil {
				err = h.store.db.Set(beaconKey(height+1), signature)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

// chunk is the state behind a block, in one chunk.
func (h history) chunk(t interface{ Fatal(...any) }, height int64) []byte {
	chunk := newChunk()
	if err := h.store.pairs(height, func(key, value []byte) error { chunk = appendPair(chunk, key, value); return nil }); err != nil {
		t.Fatal(err)
	}
	return chunk
}

// check is what a validator makes of a chunk that a stranger sent.
func (h history) check(height int64, chunk []byte) (*store, protocol.Hash, error) {
	hash := sha256.Sum256(chunk)
	r := &restore{manifest: &manifest{Height: height, Chunks: [][]byte{hash[:]}}, staged: &store{db: dbm.NewMemDB()}}
	if err := r.add(0, chunk); err != nil {
		return nil, protocol.Hash{}, err
	}
	check := stateCheck{store: r.staged, height: height, genesis: &types.GenesisDoc{ChainID: "test"}, genesisHash: h.hashes[0], key: h.key}
	got, err := check.run()
	return r.staged, got, err
}

func TestSnapshotsOfEveryHeightAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, 12, func(int64) int { return rapid.IntRange(0, 2).Draw(t, "rounds") })
		height := rapid.Int64Range(1, 11).Draw(t, "height")
		restored, hash, err := h.check(height, h.chunk(t, height))
		if err != nil || hash != h.hashes[height] {
			t.Fatalf("the state behind block %d has the hash %x, %v, want %x", height, hash, err, h.hashes[height])
		}
		into := &store{db: dbm.NewMemDB()}
		r := &restore{manifest: &manifest{Height: height}, appHash: hash, staged: restored}
		if err := r.install(into); err != nil {
			t.Fatal(err)
		}
		if got, err := into.tip(); err != nil || got != (tip{Height: height, AppHash: hash}) {
			t.Fatalf("tip = %v, %v", got, err)
		}
		if again := (history{store: into}).chunk(t, height); !bytes.Equal(again, h.chunk(t, height)) {
			t.Fatal("the restored state makes another snapshot")
		}
	})
}

// TestNoOtherStateIsTaken changes each byte of a snapshot, as somebody would who serves it with its hash.
func TestNoOtherStateIsTaken(t *testing.T) {
	h := newHistory(t, 7, func(height int64) int { return int(height % 3) })
	const height = 6
	chunk := h.chunk(t, height)
	for i := range chunk {
		changed := bytes.Clone(chunk)
		changed[i] ^= 1
		if _, hash, err := h.check(height, changed); err == nil && hash == h.hashes[height] {
			t.Errorf("byte %d of %d can be changed", i, len(chunk))
		}
	}
	for name, extra := range map[string][2][]byte{
		"a round that no block ordered": {roundKey(order.Round{Number: 99}), make([]byte, 148)},
		"a beacon that nobody awaited":  {beaconKey(99), make([]byte, beacon.SignatureSize)},
		"a conviction of the future":    {convictionKey(order.Address{9}), encodeConviction(order.Conviction{Proven: 99})},
		"a validator's own evidence":    {append([]byte("e"), make([]byte, 29)...), {1}},
		"a tip":                         {tipKey, make([]byte, 40)},
		"an empty value":                {roundKey(order.Round{Number: 99}), nil},
		"a record that nobody signed":   {recordKey(1), []byte{1}},
	} {
		if _, hash, err := h.check(height, appendPair(bytes.Clone(chunk), extra[0], extra[1])); err == nil && hash == h.hashes[height] {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestSnapshotHeightsAreTheSameEverywhere(t *testing.T) {
	for height, want := range map[int64]int64{0: 0, 3: 0, 4: 1, 12: 1, 13: 10, 22: 10, 23: 20, 102: 90, 103: 100} {
		if got := snapshotHeight(height, 10); got != want {
			t.Errorf("at %d the latest is %d, want %d", height, got, want)
		}
	}
}

func FuzzSnapshotChunk(f *testing.F) {
	h := newHistory(f, 4, func(int64) int { return 1 })
	whole := h.chunk(f, 3)
	f.Add(whole)
	f.Add(append(whole, appendPair(nil, recordKey(1), []byte{0})...))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		if _, hash, err := h.check(3, chunk); err == nil && hash == h.hashes[3] {
			if state, _, _ := h.check(3, whole); !bytes.Equal((history{store: state}).chunk(t, 3), whole) {
				t.Fatal("another state has the same hash")
			}
		}
	})
}

func FuzzManifest(f *testing.F) {
	genesis := &types.GenesisDoc{ChainID: "test"}
	text, err := json.Marshal(manifest{Height: 1, Chunks: [][]byte{make([]byte, 32)}, Blocks: [][]byte{{1}, {2}, {3}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		if _, err := m.lightBlocks(genesis); err == nil {
			t.Fatal("blocks without validators are trusted")
		}
		if _, err := m.snapshot(); err != nil && len(text) < maxManifest/2 {
			t.Fatal(err)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte{0})
	f.Add(append([]byte{2, 10, 0}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := decodeRecord(value)
		if err != nil {
			return
		}
		again, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		if same, err := decodeRecord(again); err != nil || !bytes.Equal(same.header.Hash(), r.header.Hash()) || len(same.txs) != len(r.txs) {
			t.Fatalf("a record is read as another one: %v", err)
		}
	})
}

// BenchmarkStateCheck is what a validator that joins pays for each round of the past: the replay, and a pairing.
func BenchmarkStateCheck(b *testing.B) {
	const blocks = 500
	h := newHistory(b, blocks, func(int64) int { return 1 })
	chunk := h.chunk(b, blocks-1)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if _, hash, err := h.check(blocks-1, chunk); err != nil || hash != h.hashes[blocks-1] {
			b.Fatal(hash, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*(blocks-1)), "us/round")
}
