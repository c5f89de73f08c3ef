package chain

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/p2p/mock"
	ssproto "github.com/cometbft/cometbft/proto/tendermint/statesync"
	"github.com/cosmos/gogoproto/proto"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// TestHalfRemovedSnapshotsHideNoOthers leaves a folder as a crash leaves it during the removal of an old snapshot.
func TestHalfRemovedSnapshotsHideNoOthers(t *testing.T) {
	s := &snapshotStore{dir: t.TempDir()}
	publish := func(height int64) {
		t.Helper()
		m := &manifest{Height: height, Chunks: [][]byte{make([]byte, sha256.Size)}, Blocks: make([][]byte, 3)}
		if err := errors.Join(os.Mkdir(s.path(height)+draftSuffix, 0o700), s.publish(m)); err != nil {
			t.Fatal(err)
		}
	}
	publish(5)
	publish(10)
	if err := os.Remove(filepath.Join(s.path(5), manifestFile)); err != nil {
		t.Fatal(err)
	}
	if all, err := s.list(); err != nil || len(all) != 1 || all[0].Height != 10 {
		t.Errorf("offers are %v, %v", all, err)
	}
	if err := os.WriteFile(filepath.Join(s.path(5), manifestFile), nil, 0o600); err != nil { // As after a power failure.
		t.Fatal(err)
	}
	if all, err := s.list(); err != nil || len(all) != 1 {
		t.Errorf("beside an empty manifest, offers are %v, %v", all, err)
	}
	publish(20)
	if _, err := os.Stat(s.path(5)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the rest of it remains: %v", err)
	}
}

// TestFailedSnapshotsLeaveNothing makes a snapshot that fails, next to a draft that a crash left.
func TestFailedSnapshotsLeaveNothing(t *testing.T) {
	s := &snapshotStore{dir: t.TempDir(), store: &store{db: dbm.NewMemDB()}}
	left := func() []string {
		found, err := filepath.Glob(filepath.Join(s.dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if err := os.Mkdir(s.path(10)+draftSuffix, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.make(20, nil, nil); !errors.Is(err, errNotDue) { // The group was not saved at that height.
		t.Errorf("err = %v", err)
	}
	if found := left(); len(found) > 0 {
		t.Errorf("left are %v", found)
	}
}

// TestChunksOfUntrustedPeersAreDropped passes messages of trusted and of untrusted peers to CometBFT's state sync.
func TestChunksOfUntrustedPeersAreDropped(t *testing.T) {
	for _, trusted := range []bool{true, false} {
		inner := &counting{}
		o := stateSyncReactor{Reactor: inner, addOffer: func(p2p.ID, *ssproto.SnapshotsResponse) {}, isTrusted: func(p2p.ID) bool { return trusted }}
		for _, message := range []proto.Message{&ssproto.SnapshotsResponse{Height: 5}, &ssproto.ChunkResponse{Height: 5}, &ssproto.SnapshotsRequest{}} {
			o.Receive(p2p.Envelope{Src: mock.NewPeer(nil), Message: message})
		}
		if want := map[bool]int{true: 3, false: 1}[trusted]; inner.received != want {
			t.Errorf("trusted %v: %d messages passed, want %d", trusted, inner.received, want)
		}
	}
}

type counting struct {
	p2p.Reactor

	received int
}

func (c *counting) Receive(p2p.Envelope) { c.received++ }

// TestSendersOfBadChunksAreRejected applies chunks that have a wrong hash, and one that is invalid although the manifest names it.
func TestSendersOfBadChunksAreRejected(t *testing.T) {
	garbage := []byte("no chunk")
	hash := sha256.Sum256(garbage)
	for name, tc := range map[string]struct {
		chunk []byte
		want  abci.ResponseApplySnapshotChunk_Result
	}{
		"another chunk":           {[]byte("other"), abci.ResponseApplySnapshotChunk_RETRY},
		"another, and too long":   {make([]byte, maxChunk+1), abci.ResponseApplySnapshotChunk_RETRY},
		"what the manifest names": {garbage, abci.ResponseApplySnapshotChunk_REJECT_SNAPSHOT},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			a.restore = &restore{manifest: &manifest{Chunks: [][]byte{hash[:]}}, staged: &store{db: dbm.NewMemDB()}, chunks: t.TempDir(), close: func() error { return nil }}
			got, err := a.ApplySnapshotChunk(t.Context(), &abci.RequestApplySnapshotChunk{Chunk: tc.chunk, Sender: "attacker"})
			if err != nil || got.Result != tc.want || !slices.Equal(got.RejectSenders, []string{"attacker"}) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

// TestOffersOfOthersAreNotEvicted has a peer offer more snapshots than are remembered, some of which another one offers too.
func TestOffersOfOthersAreNotEvicted(t *testing.T) {
	j := newStateProvider(slog.New(slog.DiscardHandler), nil)
	offer := func(from p2p.ID, height int64) {
		j.remember(from, height, nil)
	}
	offer("honest", 5)
	for height := int64(1); height <= 100; height++ {
		offer("attacker", height)
	}
	if _, err := j.lightBlocks(5); err != nil {
		t.Errorf("the honest peer's offer was evicted: %v", err)
	}
	if n := len(j.offers); n != maxOffers+1 {
		t.Errorf("%d are remembered", n)
	}
}

func TestSnapshotSizesAreBounded(t *testing.T) {
	chunk := newChunk()
	hash := sha256.Sum256(chunk)
	r := &restore{manifest: &manifest{Chunks: [][]byte{hash[:], hash[:]}}, appHash: protocol.Hash{}, staged: &store{db: dbm.NewMemDB()},
		chunks: t.TempDir(), size: maxSnapshot - len(chunk)}
	if err := r.add(0, chunk); err != nil {
		t.Fatal(err)
	}
	if err := r.add(1, chunk); !errors.Is(err, errTooLarge) {
		t.Errorf("err = %v", err)
	}
}
