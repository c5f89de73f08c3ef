package chain

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/crypto/tmhash"
	"github.com/cometbft/cometbft/light"
	cmtversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/state"
	blockstore "github.com/cometbft/cometbft/store"
	"github.com/cometbft/cometbft/types"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// forge makes blocks of CometBFT's types, signed with real keys, and stores them in CometBFT's stores.
type forge struct {
	t      rapid.TB
	keys   map[string]crypto.PrivKey
	past   blockHistory
	states state.Store
	last   types.BlockID
	commit *types.Commit
	blocks []*types.LightBlock // The block of height i + 1 is at index i.
}

const forged = "bitcraps-forged"

var forgedAt = time.Unix(1_800_000_000, 0).UTC()

func newForge(t rapid.TB) *forge {
	blocks := blockstore.NewBlockStore(dbm.NewMemDB())
	states := state.NewStore(dbm.NewMemDB(), state.StoreOptions{})
	return &forge{t: t, keys: map[string]crypto.PrivKey{}, states: states, commit: &types.Commit{},
		past: blockHistory{store: &store{db: dbm.NewMemDB()}, blocks: blocks, sets: states.(validatorSets)}}
}

// set is the set of the validators with numbered keys and their powers.
func (f *forge) set(powers map[int]int64) *types.ValidatorSet {
	var validators []*types.Validator
	for i, power := range powers {
		key := ed25519.GenPrivKeyFromSecret([]byte{byte(i)})
		f.keys[string(key.PubKey().Address())] = key
		validators = append(validators, types.NewValidator(key.PubKey(), power))
	}
	return types.NewValidatorSet(validators)
}

// draw draws a set of one to five of eight validators.
func (f *forge) draw(t *rapid.T, label string) *types.ValidatorSet {
	return f.set(rapid.MapOfN(rapid.IntRange(0, 7), rapid.Int64Range(1, 3), 1, 5).Draw(t, label))
}

// add makes the next block, of one set and with another as the next one, signed by the members of the set that votes selects.
func (f *forge) add(set, next *types.ValidatorSet, votes func(i int) bool, txs ...types.Tx) *types.LightBlock {
	height := int64(len(f.blocks) + 1)
	block := types.MakeBlock(height, txs, f.commit, nil)
	hash := tmhash.Sum([]byte("any"))
	block.Populate(cmtversion.Consensus{Block: 11, App: 1}, forged, forgedAt.Add(time.Duration(height)*time.Second), f.last,
		set.Hash(), next.Hash(), hash, hash, hash, set.Validators[0].Address)
	parts, err := block.MakePartSet(types.BlockPartSizeBytes)
	if err != nil {
		f.t.Fatal(err)
	}
	f.last = types.BlockID{Hash: block.Hash(), PartSetHeader: parts.Header()}
	f.commit = f.sign(height, f.last, set, votes)
	f.past.blocks.SaveBlock(block, parts, f.commit)
	if err := f.states.Save(state.State{ChainID: forged, InitialHeight: 1, LastBlockHeight: height - 1, Validators: set, NextValidators: next,
		LastValidators: set, LastHeightValidatorsChanged: height + 1}); err != nil {
		f.t.Fatal(err)
	}
	f.blocks = append(f.blocks, &types.LightBlock{SignedHeader: &types.SignedHeader{Header: &block.Header, Commit: f.commit}, ValidatorSet: set})
	return f.blocks[height-1]
}

func (f *forge) sign(height int64, id types.BlockID, set *types.ValidatorSet, votes func(i int) bool) *types.Commit {
	commit := &types.Commit{Height: height, BlockID: id, Signatures: make([]types.CommitSig, set.Size())}
	for i, v := range set.Validators {
		if !votes(i) {
			commit.Signatures[i] = types.NewCommitSigAbsent()
			continue
		}
		commit.Signatures[i] = types.CommitSig{BlockIDFlag: types.BlockIDFlagCommit, ValidatorAddress: v.Address, Timestamp: forgedAt}
		signature, err := f.keys[string(v.Address)].Sign(commit.VoteSignBytes(forged, int32(i)))
		if err != nil {
			f.t.Fatal(err)
		}
		commit.Signatures[i].Signature = signature
	}
	return commit
}

func all(int) bool { return true }

// theirs is CometBFT's light client.
func theirs(trusted, untrusted *types.LightBlock) error {
	return light.Verify(trusted.SignedHeader, trusted.ValidatorSet, untrusted.SignedHeader, untrusted.ValidatorSet,
		time.Hour, forgedAt.Add(time.Minute), time.Hour, light.DefaultTrustLevel)
}

func (f *forge) genesis() receipt.LightClient {
	l, err := receipt.NewLightClient(forged, validatorsToProto(f.blocks[0].ValidatorSet))
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// TestLightClientsAgree has both light clients verify pairs of all sorts of blocks, intact and tampered with.
func TestLightClientsAgree(t *testing.T) {
	verdicts := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		f := newForge(t)
		first := f.draw(t, "first set")
		next := first
		if rapid.Bool().Draw(t, "change") {
			next = f.draw(t, "next set")
		}
		trusted := f.add(first, next, all)
		for range rapid.IntRange(0, 2).Draw(t, "skipped") {
			f.add(next, next, all)
		}
		set := next
		if rapid.Bool().Draw(t, "another set") {
			set = f.draw(t, "later set")
		}
		absent := rapid.SliceOfN(rapid.IntRange(0, 3), set.Size(), set.Size()).Draw(t, "absent")
		later := f.add(set, f.draw(t, "announced"), func(i int) bool { return absent[i] < 3 })
		if rapid.Bool().Draw(t, "tamper") {
			tamper(t, later)
		}
		at, err := f.genesis().Follow(toLightBlock(trusted))
		if err != nil {
			t.Fatal(err)
		}
		_, ours := at.Follow(toLightBlock(later))
		if theirs := theirs(trusted, later); (ours == nil) != (theirs == nil) {
			t.Fatalf("ours: %v\ntheirs: %v", ours, theirs)
		}
		verdicts[ours == nil]++
	})
	t.Logf("accepted and refused: %v", verdicts)
	if verdicts[true] == 0 || verdicts[false] == 0 {
		t.Errorf("all results are the same: %v", verdicts)
	}
}

// tamper changes a block after it was signed.
func tamper(t *rapid.T, b *types.LightBlock) {
	flip := func(bytes []byte) []byte {
		bytes = slices.Clone(bytes)
		bytes[rapid.IntRange(0, len(bytes)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		return bytes
	}
	switch rapid.IntRange(0, 9).Draw(t, "tampering") {
	case 0:
		b.Height++
	case 1:
		b.Time = b.Time.Add(time.Nanosecond)
	case 2:
		b.AppHash = flip(b.AppHash)
	case 3:
		b.DataHash = flip(b.DataHash)
	case 4:
		b.ValidatorsHash = flip(b.ValidatorsHash)
	case 5:
		b.NextValidatorsHash = flip(b.NextValidatorsHash)
	case 6:
		b.LastBlockID.Hash = flip(b.LastBlockID.Hash)
	case 7:
		b.ValidatorSet = b.ValidatorSet.Copy()
		b.ValidatorSet.Validators[0].VotingPower++
	case 8:
		b.Commit.Round++
	case 9: // All signatures, since a light client may stop once enough of them are verified.
		for i, s := range b.Commit.Signatures {
			if s.BlockIDFlag == types.BlockIDFlagCommit {
				b.Commit.Signatures[i].Signature = flip(s.Signature)
			}
		}
	}
}

// TestLineagesLeadFromGenesis makes chains whose validators change at random, stores what a validator stores, and has both light clients
// verify the lineage to every block.
func TestLineagesLeadFromGenesis(t *testing.T) {
	hops := map[int]int{}
	rapid.Check(t, func(t *rapid.T) {
		f := newForge(t)
		set := f.draw(t, "genesis")
		for range rapid.IntRange(2, 16).Draw(t, "blocks") {
			next := set
			if rapid.IntRange(0, 2).Draw(t, "change") == 0 {
				next = f.draw(t, "next")
			}
			f.add(set, next, all)
			set = next
			if err := f.past.storeLineage(int64(len(f.blocks))); err != nil {
				t.Fatal(err)
			}
		}
		for _, target := range f.blocks {
			lineage, err := f.past.lineage(f.genesis(), toLightBlock(target))
			if err != nil {
				t.Fatalf("block %d: %v", target.Height, err)
			}
			f.walk(lineage, target)
			hops[len(lineage.GetHops())]++
		}
	})
	t.Logf("blocks by their hops: %v", hops)
}

// walk leads both light clients over the hops of a lineage to a block.
func (f *forge) walk(lineage *receiptv1.Lineage, target *types.LightBlock) {
	var way []*types.LightBlock
	for _, hop := range lineage.GetHops() {
		block := f.blocks[hop.GetHeader().GetHeight()-1]
		if !proto.Equal(hop, toLightBlock(block)) {
			f.t.Fatalf("hop %d is not the block", hop.GetHeader().GetHeight())
		}
		way = append(way, block)
	}
	at, trusted := f.genesis(), f.blocks[0]
	for _, block := range append(way, target) {
		var err error
		if at, err = at.Follow(toLightBlock(block)); err != nil {
			f.t.Fatalf("to block %d: %v", block.Height, err)
		}
		if block == f.blocks[0] { // Theirs must start with a block.
			continue
		}
		if err = theirs(trusted, block); err != nil {
			f.t.Fatalf("theirs, to block %d: %v", block.Height, err)
		}
		trusted = block
	}
}

// TestTheFirstSharingIsStored finds it among other transactions, and stores only the first.
func TestTheFirstSharingIsStored(t *testing.T) {
	f := newForge(t)
	one, other := f.set(map[int]int64{0: 1, 1: 1, 2: 1, 3: 1}), f.set(map[int]int64{4: 1, 5: 1, 6: 1})
	sharing := protocol.Sharing{Epoch: 1, Commitments: []protocol.Point{{1}}, Members: []protocol.Address{{1}}}
	again := protocol.Sharing{Epoch: 2, Commitments: []protocol.Point{{1}}, Members: []protocol.Address{{2}}}
	ordinary := types.Tx(protocol.Commitment{Round: 1}.Encode())
	f.add(one, one, all, ordinary)
	f.add(one, one, all)
	f.add(one, other, all, ordinary, sharing.Encode(), ordinary)
	f.add(other, other, all, again.Encode())
	f.add(other, other, all, ordinary)
	for height := range int64(5) {
		if err := f.past.storeLineage(height + 1); err != nil {
			t.Fatal(err)
		}
	}
	lineage, err := f.past.lineage(f.genesis(), toLightBlock(f.blocks[4]))
	if err != nil || lineage.GetSharing().GetTransaction() != fmt.Sprintf("%x", sharing.Encode()) || len(lineage.GetHops()) != 1 {
		t.Fatalf("lineage = %v, %v", lineage, err)
	}
	if err := receipt.CheckInclusion(lineage.GetSharing().GetBlock(), sharing); err != nil {
		t.Error(err)
	}
	if early, err := f.past.lineage(f.genesis(), toLightBlock(f.blocks[2])); err != nil || early != nil {
		t.Errorf("the block of the sharing has the lineage %v, %v", early, err)
	}
	f.past.store = &store{db: dbm.NewMemDB()} // As after a snapshot.
	if _, err := f.past.lineage(f.genesis(), toLightBlock(f.blocks[4])); !errors.Is(err, ErrNoBlock) {
		t.Errorf("without the stored hops: %v", err)
	}
}
