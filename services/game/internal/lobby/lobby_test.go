package lobby_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/bitcraps/bitcraps/libs/craps"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/lobby"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

func TestCodes(t *testing.T) {
	code, err := lobby.NewCode(bytes.NewReader([]byte{0, 1, 17, 18, 31, 32, 255, 24, 10, 20}))
	if err != nil || code != "01HJZ0ZRAM" {
		t.Fatalf("code = %q, %v", code, err)
	}
	hash, ok := lobby.HashCode(code)
	for _, written := range []string{"01hjz0zram", "01HJZ-0ZRAM", " 0 1 H J Z 0 Z R A M ", "oIHJZOZRAM", "OlHJZOZRAM"} {
		if same, good := lobby.HashCode(written); !good || !ok || !bytes.Equal(same, hash) {
			t.Errorf("%q is another code than %q", written, code)
		}
	}
	for _, bad := range []string{"", "01HJZ0ZRA", "01HJZ0ZRAMM", "01HJZ0ZRAU", "01HJZ0ZRÄ", "01HJZ\x000ZRAM"} {
		if _, good := lobby.HashCode(bad); good {
			t.Errorf("%q is accepted as a code", bad)
		}
	}
	if _, err := lobby.NewCode(strings.NewReader("short")); err == nil {
		t.Error("a code from too little randomness")
	}
}

func TestCodesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for range 10_000 {
		code, err := lobby.NewCode(rand.Reader)
		if err != nil || seen[code] {
			t.Fatalf("%q was generated twice, %v", code, err)
		}
		seen[code] = true
	}
}

// FuzzHashCode reads untrusted input.
func FuzzHashCode(f *testing.F) {
	f.Add("01HJZ-0ZRAM")
	f.Fuzz(func(t *testing.T, written string) {
		hash, ok := lobby.HashCode(written)
		again, same := lobby.HashCode(strings.ToLower(" " + written + "-"))
		if ok && (len(hash) != 32 || !same || !bytes.Equal(hash, again)) {
			t.Errorf("%q is a code, and has another hash when written differently", written)
		}
	})
}

func game(players, seats int, minBet, maxBet int64, point uint8) *play.Game {
	g := &play.Game{ID: uuid.Must(uuid.NewV7()), Limits: play.Limits{MaxPlayers: seats, MinBet: minBet, MaxBet: maxBet}, Craps: craps.State{Point: point}}
	for range players {
		g.Seats = append(g.Seats, play.Seat{Player: uuid.New()})
	}
	return g
}

func TestFilter(t *testing.T) {
	table := game(3, 8, 10, 500, 6)
	for name, test := range map[string]struct {
		filter  lobby.Filter
		matches bool
	}{
		"anything":             {lobby.Filter{}, true},
		"seats":                {lobby.Filter{OpenSeats: 5}, true},
		"more seats":           {lobby.Filter{OpenSeats: 6}, false},
		"limits":               {lobby.Filter{MinBet: 10, MaxBet: 500}, true},
		"larger bets":          {lobby.Filter{MinBet: 11}, false},
		"smaller bets":         {lobby.Filter{MaxBet: 499}, false},
		"the smallest stake":   {lobby.Filter{Stake: 10}, true},
		"the largest stake":    {lobby.Filter{Stake: 500}, true},
		"below the smallest":   {lobby.Filter{Stake: 9}, false},
		"beyond the largest":   {lobby.Filter{Stake: 501}, false},
		"a point":              {lobby.Filter{Phase: gamev1.Phase_PHASE_POINT}, true},
		"the start of a hand":  {lobby.Filter{Phase: gamev1.Phase_PHASE_COME_OUT}, false},
		"one of many does not": {lobby.Filter{OpenSeats: 1, Stake: 50, Phase: gamev1.Phase_PHASE_COME_OUT}, false},
	} {
		if got := test.filter.Matches(table); got != test.matches {
			t.Errorf("%s: matches is %v", name, got)
		}
	}
}

func TestSortForPlayer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		me := uuid.New()
		var games []*play.Game
		for range rapid.IntRange(1, 20).Draw(t, "tables") {
			games = append(games, game(rapid.IntRange(0, 7).Draw(t, "players"), 8, 1, 10, rapid.SampledFrom([]uint8{0, 6}).Draw(t, "point")))
		}
		mine := rapid.SampledFrom(games).Draw(t, "mine")
		mine.Seats = append(mine.Seats, play.Seat{Player: me})
		lobby.SortForPlayer(games, me)
		if games[0] != mine {
			t.Fatal("the table where the player is seated is not first")
		}
		for i := 2; i < len(games); i++ {
			before, after := games[i-1], games[i]
			if len(before.Seats) < len(after.Seats) || len(before.Seats) == len(after.Seats) && !before.Craps.ComeOut() && after.Craps.ComeOut() {
				t.Fatalf("a table with %d players is before one with %d", len(before.Seats), len(after.Seats))
			}
		}
	})
}
