package order_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
	"pgregory.net/rapid"
)

// state is a Reader over a map, with a group that has a key.
type state struct {
	rounds map[order.Round]order.Ordered
	group  *order.Group
}

func newState() *state {
	return &state{rounds: map[order.Round]order.Ordered{}, group: &order.Group{Sharings: []order.Sharing{{From: 1}}}}
}

func (s *state) Ordered(round order.Round) (order.Ordered, bool, error) {
	o, ok := s.rounds[round]
	return o, ok, nil
}

func (s *state) HasGame(game protocol.ID) (bool, error) {
	for round := range s.rounds {
		if round.Game == game {
			return true, nil
		}
	}
	return false, nil
}

func (s *state) Group() *order.Group { return s.group }

func (s *state) apply(r order.Result) {
	s.group = r.Group
	for _, o := range r.Ordered {
		s.rounds[order.RoundOf(o.Commitment)] = o
	}
}

// block is a block with nothing but transactions.
func block(height int64, txs ...[]byte) order.Block {
	return order.Block{Height: height, Time: time.Unix(height, 0), Txs: txs}
}

func drawTx(t *rapid.T) []byte {
	if rapid.IntRange(0, 9).Draw(t, "kind") == 0 {
		return rapid.SliceOf(rapid.Byte()).Draw(t, "garbage")
	}
	return protocol.Commitment{
		Game:     protocol.ID{rapid.Byte().Draw(t, "game") % 3},
		Round:    rapid.Uint64Range(1, 4).Draw(t, "round"),
		BetCount: rapid.Uint32Range(0, 2).Draw(t, "variant"),
	}.Encode()
}

// TestACommitmentIsNoGroup hashes a block that ordered two rounds, and one that ordered the first and whose group has the hash of the
// second: if the hashes were equal, a round could be omitted from a snapshot.
func TestACommitmentIsNoGroup(t *testing.T) {
	first, second := order.Ordered{Commitment: protocol.Commitment{Round: 1}}, order.Ordered{Commitment: protocol.Commitment{Round: 2}}
	two := order.Hash(protocol.Hash{1}, 5, []order.Ordered{first, second}, protocol.Hash{})
	if one := order.Hash(protocol.Hash{1}, 5, []order.Ordered{first}, second.Commitment.Hash()); one == two {
		t.Error("both have the same hash")
	}
}

// TestRoundsAreDecidedOnce executes random blocks on two replicas.
func TestRoundsAreDecidedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ours, theirs := newState(), newState()
		var ourHash, theirHash protocol.Hash
		first := map[order.Round]order.Ordered{}
		for height := int64(1); height <= 10; height++ {
			txs := rapid.SliceOfN(rapid.Custom(drawTx), 0, 6).Draw(t, "txs")
			result, err := order.Execute(ours, ourHash, block(height, txs...))
			if err != nil {
				t.Fatal(err)
			}
			if (result.AppHash == ourHash) != (len(result.Ordered) == 0) {
				t.Fatalf("%d were ordered, and the hash went from %x to %x", len(result.Ordered), ourHash, result.AppHash)
			}
			for _, o := range result.Ordered {
				if before, ok := first[order.RoundOf(o.Commitment)]; ok {
					t.Fatalf("round %v was decided at %d and again at %d", order.RoundOf(o.Commitment), before.Height, height)
				}
				first[order.RoundOf(o.Commitment)] = o
			}
			ours.apply(result)
			ourHash = result.AppHash

			again, err := order.Execute(theirs, theirHash, block(height, txs...))
			if err != nil {
				t.Fatal(err)
			}
			theirs.apply(again)
			if theirHash = again.AppHash; theirHash != ourHash {
				t.Fatal("two replicas differ")
			}
		}
	})
}

// TestARoundIsOrderedAfterTheDiceOfThePreviousOne commits to rounds of a game that are not due yet: with dice for many rounds, a dishonest
// game could play the one that suits it.
func TestARoundIsOrderedAfterTheDiceOfThePreviousOne(t *testing.T) {
	s := newState()
	game, other := protocol.ID{1}, protocol.ID{2}
	round := func(game protocol.ID, number uint64) []byte {
		return protocol.Commitment{Game: game, Round: number}.Encode()
	}
	var hash protocol.Hash
	for _, step := range []struct {
		height int64
		txs    [][]byte
		want   []order.Code
	}{
		{1, [][]byte{round(game, 7), round(game, 8), round(other, 1)}, []order.Code{order.Accepted, order.Decided, order.Accepted}}, // A chain may begin after the game.
		{2, [][]byte{round(game, 8), round(game, 9)}, []order.Code{order.Early, order.Early}},                                       // The dice of 7 become known with this block.
		{3, [][]byte{round(game, 9), round(game, 6), round(game, 7), round(game, 8), round(game, 9)},
			[]order.Code{order.Early, order.Early, order.Decided, order.Accepted, order.Decided}},
		{9, [][]byte{round(game, 1<<40), round(other, 3), round(other, 2), round(game, 9)},
			[]order.Code{order.Early, order.Early, order.Accepted, order.Accepted}},
	} {
		result, err := order.Execute(s, hash, block(step.height, step.txs...))
		if err != nil || !slices.Equal(result.Codes, step.want) {
			t.Fatalf("block %d: codes %v, want %v, %v", step.height, result.Codes, step.want, err)
		}
		s.apply(result)
		hash = result.AppHash
	}
}

func TestProposalsContainOnlyAcceptedTransactions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newState()
		txs := rapid.SliceOfN(rapid.Custom(drawTx), 0, 12).Draw(t, "txs")
		limit := rapid.Int64Range(0, 1500).Draw(t, "bytes")
		proposal, err := order.SelectTxs(s, block(1, txs...), limit)
		if err != nil {
			t.Fatal(err)
		}
		result, err := order.Execute(s, protocol.Hash{}, block(1, proposal...))
		if err != nil {
			t.Fatal(err)
		}
		var size int64
		for i, code := range result.Codes {
			if code != order.Accepted {
				t.Fatalf("proposed transaction %d has the code %d", i, code)
			}
			size += int64(len(proposal[i])) + 6
		}
		if size > limit {
			t.Fatalf("the proposal has %d bytes of %d", size, limit)
		}
	})
}

// TestValidationStopsAtARejectedTransaction has a proposer put expensive transactions after an invalid one. A decided block is executed to
// its end, and a proposer still selects valid transactions after an invalid one.
func TestValidationStopsAtARejectedTransaction(t *testing.T) {
	first, second := protocol.Commitment{Round: 1}.Encode(), protocol.Commitment{Game: protocol.ID{1}, Round: 1}.Encode()
	b := block(1, first, first, second)
	codes, err := order.Validate(newState(), b)
	if want := []order.Code{order.Accepted, order.Decided}; err != nil || !slices.Equal(codes, want) {
		t.Errorf("validated as %v, want %v, %v", codes, want, err)
	}
	if codes, err = order.Validate(brokenState{newState()}, block(1, []byte("garbage"), first)); err != nil {
		t.Errorf("after garbage the state was read: %v, %v", codes, err)
	}
	result, err := order.Execute(newState(), protocol.Hash{}, b)
	if want := []order.Code{order.Accepted, order.Decided, order.Accepted}; err != nil || !slices.Equal(result.Codes, want) {
		t.Errorf("executed %v, want %v, %v", result.Codes, want, err)
	}
	proposal, err := order.SelectTxs(newState(), b, 1<<20)
	if err != nil || len(proposal) != 2 {
		t.Errorf("proposed %d, want 2, %v", len(proposal), err)
	}
}

type brokenState struct{ *state }

func (brokenState) Ordered(order.Round) (order.Ordered, bool, error) {
	return order.Ordered{}, false, errors.New("disk")
}

func TestUnreadableStateIsAnError(t *testing.T) {
	if _, err := order.Execute(brokenState{newState()}, protocol.Hash{}, block(1, protocol.Commitment{Round: 1}.Encode())); err == nil {
		t.Error("Execute ignored an unreadable state")
	}
}
