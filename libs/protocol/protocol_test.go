package protocol_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"pgregory.net/rapid"
)

// vectors is the shape of testdata/vectors.json. All byte strings are hex.
type vectors struct {
	Bets []struct {
		Bet struct {
			ID, Player, Seed string
			Wager            uint16
			Number           uint8
			Working          bool
			Amount           uint64
		}
		Encoding string
	}
	BetsRoots []struct {
		Count int
		Root  string
	}
	State struct {
		Game, Shooter string
		Round, Hand   uint64
		Rolls         uint32
		Point         uint8
		Totals        [10]uint8
		Pairs         uint32
		Hard          uint8
		PointsMade    [6]uint8
		PassWins      uint8
		Encoding      string
		Hash          string
	}
	Commitment struct {
		Game, BetsRoot, StateHash, PayTableHash string
		Round                                   uint64
		BetCount                                uint32
		Encoding, Hash                          string
	}
	Dice []struct {
		Randomness, Commitment string
		Dice                   [2]uint8
	}
	Sharings []struct {
		Epoch                uint64
		Commitments, Members []string
		Encoding, Hash       string
	}
}

func load(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func decode[T ~[16]byte | ~[32]byte](t *testing.T, s string) (out T) {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(out) {
		t.Fatalf("%q is not %d bytes of hex", s, len(out))
	}
	return T(b)
}

func TestVectors(t *testing.T) {
	v := load(t)
	var bets []protocol.Bet
	for _, c := range v.Bets {
		seed, _ := hex.DecodeString(c.Bet.Seed)
		bet := protocol.Bet{ID: decode[protocol.ID](t, c.Bet.ID), Player: decode[protocol.ID](t, c.Bet.Player),
			Wager: c.Bet.Wager, Number: c.Bet.Number, Working: c.Bet.Working, Amount: c.Bet.Amount, Seed: seed}
		if got := hex.EncodeToString(bet.Encode()); got != c.Encoding {
			t.Errorf("bet %s encodes to\n%s, want\n%s", c.Bet.ID, got, c.Encoding)
		}
		bets = append(bets, bet)
	}
	for _, c := range v.BetsRoots {
		root := protocol.BetsRoot(bets[:c.Count])
		if got := hex.EncodeToString(root[:]); got != c.Root {
			t.Errorf("root of %d bets = %s, want %s", c.Count, got, c.Root)
		}
	}
	state := protocol.State{Game: decode[protocol.ID](t, v.State.Game), Round: v.State.Round, Hand: v.State.Hand,
		Rolls: v.State.Rolls, Point: v.State.Point, Shooter: decode[protocol.ID](t, v.State.Shooter), Totals: v.State.Totals,
		Pairs: v.State.Pairs, Hard: v.State.Hard, PointsMade: v.State.PointsMade, PassWins: v.State.PassWins}
	stateHash := state.Hash()
	if got := hex.EncodeToString(state.Encode()); got != v.State.Encoding || hex.EncodeToString(stateHash[:]) != v.State.Hash {
		t.Errorf("state encodes to\n%s, want\n%s", got, v.State.Encoding)
	}
	if back, err := protocol.DecodeState(state.Encode()); err != nil || back != state {
		t.Errorf("state came back as %+v, %v", back, err)
	}
	if back, err := protocol.DecodeBets(protocol.EncodeBets(bets)); err != nil || !reflect.DeepEqual(back, bets) {
		t.Errorf("bets came back as %+v, %v", back, err)
	}
	c := v.Commitment
	commitment := protocol.Commitment{Game: decode[protocol.ID](t, c.Game), Round: c.Round, BetCount: c.BetCount,
		BetsRoot: decode[protocol.Hash](t, c.BetsRoot), StateHash: decode[protocol.Hash](t, c.StateHash),
		PayTableHash: decode[protocol.Hash](t, c.PayTableHash)}
	hash := commitment.Hash()
	if got := hex.EncodeToString(commitment.Encode()); got != c.Encoding {
		t.Errorf("commitment encodes to\n%s, want\n%s", got, c.Encoding)
	}
	if got := hex.EncodeToString(hash[:]); got != c.Hash {
		t.Errorf("commitment hash = %s, want %s", got, c.Hash)
	}
	for _, c := range v.Dice {
		first, second := protocol.Dice(decode[protocol.Hash](t, c.Randomness), decode[protocol.Hash](t, c.Commitment))
		if got := [2]uint8{first, second}; got != c.Dice {
			t.Errorf("dice of %s = %v, want %v", c.Randomness, got, c.Dice)
		}
	}
}

func drawHash(t *rapid.T, label string) protocol.Hash {
	return protocol.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
}

func TestCommitmentRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := protocol.Commitment{
			Game:  protocol.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "game")),
			Round: rapid.Uint64Range(1, 1<<62).Draw(t, "round"), BetCount: rapid.Uint32().Draw(t, "count"),
			BetsRoot: drawHash(t, "root"), StateHash: drawHash(t, "state"), PayTableHash: drawHash(t, "table"),
		}
		got, err := protocol.DecodeCommitment(want.Encode())
		if err != nil || got != want {
			t.Fatalf("%+v came back as %+v, %v", want, got, err)
		}
	})
}

func FuzzDecodeCommitment(f *testing.F) {
	f.Add(protocol.Commitment{Round: 1}.Encode())
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, protocol.CommitmentSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := protocol.DecodeCommitment(b)
		if err == nil && !bytes.Equal(c.Encode(), b) {
			t.Errorf("%x decodes, but is not what its commitment encodes to", b)
		}
	})
}

func FuzzDecodeBets(f *testing.F) {
	f.Add(protocol.EncodeBets([]protocol.Bet{{Wager: 1, Amount: 5, Seed: []byte("x")}, {Working: true}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		bets, err := protocol.DecodeBets(b)
		if err == nil && !bytes.Equal(protocol.EncodeBets(bets), b) {
			t.Errorf("%x decodes, but is not what its bets encode to", b)
		}
	})
}

func FuzzDecodeState(f *testing.F) {
	f.Add(protocol.State{Round: 1, Pairs: 7}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		state, err := protocol.DecodeState(b)
		if err == nil && !bytes.Equal(state.Encode(), b) {
			t.Errorf("%x decodes, but is not what its state encodes to", b)
		}
	})
}

// TestRootCoversEveryBetInOrderOfIDs changes, omits and duplicates a bet, which changes the root, and shuffles the bets, which does not.
func TestRootCoversEveryBetInOrderOfIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bets := make([]protocol.Bet, rapid.IntRange(1, 40).Draw(t, "count"))
		for i := range bets {
			bets[i] = protocol.Bet{ID: protocol.ID{byte(i * 97), byte(i)}, Amount: uint64(i)}
		}
		root, which := protocol.BetsRoot(bets), rapid.IntRange(0, len(bets)-1).Draw(t, "which")
		if protocol.BetsRoot(rapid.Permutation(bets).Draw(t, "shuffled")) != root {
			t.Fatal("the order of the bets counts")
		}
		changed := slices.Clone(bets)
		changed[which].Amount++
		for what, other := range map[string][]protocol.Bet{
			"changed": changed, "left out": slices.Delete(slices.Clone(bets), which, which+1), "doubled": append(slices.Clone(bets), bets[which]),
		} {
			if protocol.BetsRoot(other) == root {
				t.Fatalf("bet %d of %d is %s, and the root is the same", which, len(bets), what)
			}
		}
	})
}

// TestDiceAreFair compares the frequency of each of the 36 outcomes with the expected one. A fair source fails with a probability below one in
// a million; the inputs are fixed, so the test is deterministic.
func TestDiceAreFair(t *testing.T) {
	const throws = 360_000
	var counts [7][7]int
	for i := range throws {
		var randomness protocol.Hash
		randomness[0], randomness[1], randomness[2] = byte(i), byte(i>>8), byte(i>>16)
		first, second := protocol.Dice(randomness, protocol.Hash{})
		counts[first][second]++
	}
	chi := 0.0
	for first := 1; first <= 6; first++ {
		for second := 1; second <= 6; second++ {
			expected := float64(throws) / 36
			chi += math.Pow(float64(counts[first][second])-expected, 2) / expected
		}
	}
	if chi > 92 { // 35 degrees of freedom: P(chi > 92) < 1e-6.
		t.Errorf("chi-square = %.1f", chi)
	}
}

func BenchmarkDice(b *testing.B) {
	var randomness protocol.Hash
	for b.Loop() {
		protocol.Dice(randomness, protocol.Hash{})
	}
}
