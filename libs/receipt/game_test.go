package receipt_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
)

// TestABetIsOfOneGame has a house commit to the same bet under several games, of which it shows the one whose dice it likes. Only the
// player knows which game it was, and only a seed that names the game says so in the receipt itself.
func TestABetIsOfOneGame(t *testing.T) {
	h := newHouse(t)
	played := uuid.UUID(game).String()
	b := bet(1, "pass_line", 10)
	b.Seed = []byte(played + " my seed")
	for _, id := range []protocol.ID{game, {7}, {8}} {
		state := first
		state.Game = id
		text := write(t, h.receipt(me, state, b))
		if step := stepOf(t, receipt.Verify(text, h.trust), "game"); step.Err != nil ||
			!strings.Contains(step.Found, "not given: compare "+uuid.UUID(id).String()+" with the game that you bet in") {
			t.Errorf("without a game: %+v", step)
		}
		known := receipt.Sequence{Game: played}
		report := known.Add(text, h.trust)
		if step := stepOf(t, report, "game"); (step.Err == nil) != (id == game) {
			t.Errorf("with the game: %+v", step)
		}
		if known.Check().Err == nil != (report.Err() == nil) {
			t.Errorf("the sequence says %v, the receipt %v", known.Check().Err, report.Err())
		}
		if step := stepOf(t, receipt.Verify(text, h.trust), "bets"); !strings.HasSuffix(step.Found, `(01000000-0000-0000-0000-000000000000), seed "`+played+` my seed"`) {
			t.Errorf("the seed can't be compared with the game: %s", step.Found)
		}
	}
}

func stepOf(t *testing.T, report receipt.Report, name string) receipt.Step {
	t.Helper()
	for _, s := range report {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("%s is not reached: %v", name, report.Err())
	return receipt.Step{}
}
