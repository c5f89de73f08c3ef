package chain

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/crypto/secp256k1"
	"github.com/cometbft/cometbft/types"
	"go.dedis.ch/kyber/v4/util/random"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/beacon"
	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg"
	"github.com/bitcraps/bitcraps/services/consensus/internal/dkg/dkgtest"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"github.com/bitcraps/bitcraps/services/consensus/internal/threshold"
)

// history is a chain's state, with its application hash after each block.
type history struct {
	store  *store
	origin *origin
	hashes []protocol.Hash // By height; the first is of genesis.
}

// newHistory executes blocks, each of which orders as many rounds as rounds returns; every third one changes the group.
func newHistory(t rapid.TB, blocks int, rounds func(height int64) int) history {
	key, group := soloGroup(t)
	first := *group
	first.Sharings = nil
	h := history{store: &store{db: dbm.NewMemDB()}, hashes: []protocol.Hash{{7}},
		origin: &origin{genesis: soloGenesis, appHash: protocol.Hash{7}, group: &first}}
	snapshots := &snapshotStore{store: h.store, every: 1}
	for height := int64(1); height <= int64(blocks); height++ {
		result := order.Result{Group: group}
		for i := range rounds(height) {
			result.Ordered = append(result.Ordered, order.Ordered{Commitment: protocol.Commitment{Game: protocol.ID{byte(i)}, Round: uint64(height)}, Height: height})
		}
		if height%3 == 1 {
			next := *group
			next.Sequence++
			group = &next
			text, err := json.Marshal(group)
			if err != nil {
				t.Fatal(err)
			}
			result.Group, result.Encoded = group, text
		}
		hash := order.Hash(h.hashes[height-1], height, result.Ordered, order.HashGroup(result.Encoded))
		if err := errors.Join(h.store.commit(tip{Height: height, AppHash: hash}, result), snapshots.saveGroup(height, group)); err != nil {
			t.Fatal(err)
		}
		h.hashes = append(h.hashes, hash)
		if len(result.Ordered) > 0 {
			signature, err := key.Sign(height + 1)
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

// soloGenesis is a genesis file with one validator.
var soloGenesis = &types.GenesisDoc{ChainID: "test", Validators: []types.GenesisValidator{
	{PubKey: ed25519.GenPrivKeyFromSecret([]byte("solo")).PubKey(), Power: votingPower}}}

// soloGroup is a group of one validator, with the same key in every process of a fuzzer.
func soloGroup(t rapid.TB) (*threshold.Share, *order.Group) {
	stream := random.New(rand.NewChaCha8([32]byte{1}))
	public, shares := dkgtest.MakeFrom(t, 1, 1, stream)
	var point protocol.Point
	copy(point[:], public.GroupKey())
	member := order.Member{Name: "solo", PublicKey: order.PublicKey(soloGenesis.Validators[0].PubKey.Bytes()),
		BeaconKey: dkg.NewSecretKey(stream).Public(), Version: order.FirstVersion}
	sharing := protocol.Sharing{Epoch: 1, Commitments: []protocol.Point{point}, Members: []protocol.Address{member.Address()}}
	return &shares[0], &order.Group{Members: []order.Member{member}, Version: order.FirstVersion,
		Sharings: []order.Sharing{{From: 1, Encoded: sharing.Encode(), Members: []order.Member{member}}}}
}

// chunk is the state after a block, in one chunk.
func (h history) chunk(t rapid.TB, height int64) []byte {
	chunk := newChunk()
	if err := h.store.snapshotPairs(height, func(key, value []byte) error { chunk = appendPair(chunk, key, value); return nil }); err != nil {
		t.Fatal(err)
	}
	return chunk
}

// check stages and verifies a chunk as a restoring validator does.
func (h history) check(height int64, chunk []byte) (*store, protocol.Hash, error) {
	r := &restore{staged: &store{db: dbm.NewMemDB()}}
	if err := r.stage(chunk); err != nil {
		return nil, protocol.Hash{}, err
	}
	check := stateCheck{store: r.staged, height: height, origin: h.origin}
	got, err := check.run()
	return r.staged, got, err
}

func TestSnapshotsOfEveryHeightAreComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t, 12, func(int64) int { return rapid.IntRange(0, 2).Draw(t, "rounds") })
		height := rapid.Int64Range(5, 11).Draw(t, "height")
		restored, hash, err := h.check(height, h.chunk(t, height))
		if err != nil || hash != h.hashes[height] {
			t.Fatalf("the state after block %d has the hash %x, %v, want %x", height, hash, err, h.hashes[height])
		}
		into := &store{db: dbm.NewMemDB()}
		r := &restore{manifest: &manifest{Height: height}, appHash: hash, staged: restored}
		group, err := restored.group()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.install(into, group), (&snapshotStore{store: into, every: 1}).saveGroup(height, group)); err != nil {
			t.Fatal(err)
		}
		if got, err := into.tip(); err != nil || got != (tip{Height: height, AppHash: hash}) {
			t.Fatalf("tip = %v, %v", got, err)
		}
		if s, err := into.sharingAt(height); err != nil || s.from != 1 {
			t.Fatalf("sharing = %v, %v", s, err)
		}
		if again := (history{store: into}).chunk(t, height); !bytes.Equal(again, h.chunk(t, height)) {
			t.Fatal("the restored state makes another snapshot")
		}
	})
}

// TestNoOtherStateIsAccepted changes each byte of a snapshot, as a malicious peer could that serves it with a matching manifest.
func TestNoOtherStateIsAccepted(t *testing.T) {
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
		"another group":                 {groupKey, []byte("{}")},
		"a group of the future":         {groupHashKey(99), make([]byte, 32)},
		"a group of a block of rounds":  {groupHashKey(5), make([]byte, 32)},
		"a group of a quiet block":      {groupHashKey(3), make([]byte, 32)},
		"a sharing that nobody signed":  {firstSharingKey, []byte{10, 0}},
		"a hop that nobody signed":      {hopKey(3), []byte{10, 0}},
		"a validator's own evidence":    {append([]byte("e"), make([]byte, 29)...), {1}},
		"a tip":                         {tipKey, make([]byte, 40)},
		"an empty value":                {roundKey(order.Round{Number: 99}), nil},
		"a record that nobody signed":   {recordKey(1), []byte{1}},
	} {
		if _, hash, err := h.check(height, appendPair(bytes.Clone(chunk), extra[0], extra[1])); err == nil && hash == h.hashes[height] {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestTheGroupOfGenesisCantBeSubstituted makes a snapshot whose last block changes the group to a zero hash.
func TestTheGroupOfGenesisCantBeSubstituted(t *testing.T) {
	h := newHistory(t, 7, func(int64) int { return 0 }) // Without rounds, a missing key is not noticed.
	const height = 6
	genesis, err := json.Marshal(h.origin.group)
	if err != nil {
		t.Fatal(err)
	}
	chunk := appendPair(h.chunk(t, height), groupKey, genesis) // The later of two pairs with one key wins.
	chunk = appendPair(chunk, groupHashKey(height), make([]byte, 32))
	if _, hash, err := h.check(height, chunk); err == nil && hash == h.hashes[height] {
		t.Error("the group of genesis is taken for that of a later block")
	}
}

// otherKind is a set of one validator whose key is not an Ed25519 key. It signs the forge's blocks.
func (f *forge) otherKind() *types.ValidatorSet {
	key := secp256k1.GenPrivKey()
	f.keys[string(key.PubKey().Address())] = key
	return types.NewValidatorSet([]*types.Validator{types.NewValidator(key.PubKey(), 1)})
}

// TestInconsistentRecordsAreRejected has a snapshot contain records of which no proof can be made.
func TestInconsistentRecordsAreRejected(t *testing.T) {
	h := newHistory(t, 7, func(height int64) int { return int(height % 3) })
	const height = 6
	for name, lie := range map[string]struct {
		set   func(f *forge) *types.ValidatorSet
		votes int
	}{
		"more votes than validators": {func(f *forge) *types.ValidatorSet { return f.set(map[int]int64{0: 1, 1: 1}) }, 3},
		"fewer votes":                {func(f *forge) *types.ValidatorSet { return f.set(map[int]int64{0: 1, 1: 1}) }, 1},
		"another kind of key":        {(*forge).otherKind, 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newForge(t)
			set := lie.set(f)
			block := f.add(set, set, all, types.Tx("any"))
			r := &blockRecord{header: *block.Header, commit: block.Commit, validators: set, txs: [][]byte{types.Tx("any").Hash()}}
			for len(r.commit.Signatures) < lie.votes {
				r.commit.Signatures = append(r.commit.Signatures, r.commit.Signatures[0])
			}
			r.commit.Signatures = r.commit.Signatures[:lie.votes]
			kept := &store{db: dbm.NewMemDB()}
			batch := kept.db.NewBatch()
			if err := errors.Join(setRecord(batch, r), batch.Write()); err != nil {
				t.Fatal(err)
			}
			if _, err := kept.record(1); err == nil {
				t.Error("the record is accepted")
			}
			if _, _, err := h.check(height, append(bytes.Clone(h.chunk(t, height)), content(t, kept)...)); err == nil {
				t.Error("a snapshot with the record is accepted")
			}
		})
	}
}

// TestBlocksOfOtherKeyTypesAreRejected has a snapshot lead to a block that is validly signed with a key of another type.
func TestBlocksOfOtherKeyTypesAreRejected(t *testing.T) {
	f := newForge(t)
	ours, others := f.set(map[int]int64{0: 1}), f.otherKind()
	for i, set := range []*types.ValidatorSet{ours, others} {
		height := int64(i + 1)
		message, err := f.add(set, others, all).ToProto()
		if err != nil {
			t.Fatal(err)
		}
		b, err := message.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readBlock(b, forged, height); (err == nil) != (set == ours) {
			t.Errorf("block %d: %v", height, err)
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
			want, _, _ := h.check(3, whole)
			got, _, _ := h.check(3, chunk)
			if !bytes.Equal(content(t, got), content(t, want)) {
				t.Fatal("another state has the same hash")
			}
		}
	})
}

// content is everything in a store.
func content(t testing.TB, s *store) (all []byte) {
	if err := s.scan(nil, nil, func(key, value []byte) error { all = appendPair(all, key, value); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func FuzzManifest(f *testing.F) {
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
		if _, err := m.lightBlocks(soloGenesis); err == nil {
			t.Fatal("blocks that nobody signed are trusted")
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
			t.Fatalf("a record is decoded as another one: %v", err)
		}
	})
}

// BenchmarkStateCheck is the cost of each past round to a joining validator: the replay, and a pairing.
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
