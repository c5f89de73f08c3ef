package game_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// all reads a paginated list to its end.
func all[T any](t *testing.T, token string, page func(token string) (items []T, next string, err error)) []T {
	t.Helper()
	var out []T
	for {
		items, next, err := page(token)
		if err != nil {
			t.Fatal(err)
		}
		if out = append(out, items...); next == "" {
			return out
		}
		token = next
	}
}

func (p *player) bets(gameID string, size int32, token string) []*gamev1.Bet {
	p.t.Helper()
	return all(p.t, token, func(token string) ([]*gamev1.Bet, string, error) {
		resp, err := p.games.ListBets(p.ctx, &gamev1.ListBetsRequest{GameId: gameID, PageSize: size, PageToken: token})
		return resp.GetBets(), resp.GetNextPageToken(), err
	})
}

func (p *player) openGames(token string) []*gamev1.Game {
	p.t.Helper()
	return all(p.t, token, func(token string) ([]*gamev1.Game, string, error) {
		resp, err := p.games.ListGames(p.ctx, &gamev1.ListGamesRequest{PageSize: 2, PageToken: token})
		return resp.GetGames(), resp.GetNextPageToken(), err
	})
}

func (p *player) rounds(gameID string) []*gamev1.Round {
	p.t.Helper()
	return all(p.t, "", func(token string) ([]*gamev1.Round, string, error) {
		resp, err := p.games.ListRounds(p.ctx, &gamev1.ListRoundsRequest{GameId: gameID, PageSize: 3, PageToken: token})
		return resp.GetRounds(), resp.GetNextPageToken(), err
	})
}

func (p *player) entries(size int32) []*gamev1.Entry {
	p.t.Helper()
	return all(p.t, "", func(token string) ([]*gamev1.Entry, string, error) {
		resp, err := p.ledger.ListEntries(p.ctx, &gamev1.ListEntriesRequest{PageSize: size, PageToken: token})
		return resp.GetEntries(), resp.GetNextPageToken(), err
	})
}

// wantSettledOnce checks a game's rounds, from the last to the first, against its log: each has one roll.
func (p *player) wantSettledOnce(gameID string) {
	p.t.Helper()
	rounds := p.rounds(gameID)
	game, rolls := p.get(gameID), make(map[int64]int)
	stream, err := p.games.WatchGame(p.ctx, &gamev1.WatchGameRequest{GameId: gameID})
	if err != nil {
		p.t.Fatal(err)
	}
	for sequence := int64(1); sequence <= game.GetSequence(); sequence++ {
		resp, err := stream.Recv()
		if err != nil || resp.GetEvent().GetSequence() != sequence {
			p.t.Fatalf("event %d is %v, %v", sequence, resp, err)
		}
		if rolled := resp.GetEvent().GetDiceRolled(); rolled != nil {
			rolls[rolled.GetRound()]++
		}
	}
	if len(rounds) != int(game.GetRound())-1 || len(rounds) == 0 {
		p.t.Errorf("%d rounds before round %d", len(rounds), game.GetRound())
	}
	for i, round := range rounds {
		number := int64(len(rounds) - i)
		if round.GetRound() != number || round.GetStatus() != gamev1.RoundStatus_ROUND_STATUS_SETTLED || rolls[number] != 1 {
			p.t.Errorf("round %v instead of %d; it was rolled %d times", round, number, rolls[number])
		}
	}
}

// roamingPlayer is a player who sends each request to one replica and then repeats it at the other.
type roamingPlayer struct {
	views  [2]*player
	placed map[string][]*gamev1.Bet
}

// wantSameAnswer compares the answers to two calls with the same request id. A refusal is not remembered, so the second call may
// succeed alone.
func wantSameAnswer[T proto.Message](t *testing.T, first, second T, err1, err2 error) (T, bool) {
	t.Helper()
	for _, err := range []error{err1, err2} {
		switch errs.Reason(err) {
		case errorsv1.Reason_REASON_INTERNAL, errorsv1.Reason_REASON_UNAVAILABLE, errorsv1.Reason_REASON_DEADLINE_EXCEEDED, errorsv1.Reason_REASON_REQUEST_ID_REUSED:
			t.Error(err)
		}
	}
	if err1 == nil && (err2 != nil || !proto.Equal(first, second)) {
		t.Errorf("%v, again %v, %v", first, second, err2)
	}
	return second, err2 == nil
}

func (h *roamingPlayer) act(t *testing.T, gameID string, n int) {
	a, b := h.views[n%2], h.views[1-n%2]
	wagers := []string{"pass_line", "field", "hard_6", "dont_pass", "any_craps", "come", "next_7"}
	bet := &gamev1.PlaceBetRequest{GameId: gameID, BetType: wagers[n%len(wagers)], Amount: 2, RequestId: fmt.Sprint("bet ", n)}
	first, err := a.games.PlaceBet(a.ctx, bet)
	second, errAgain := b.games.PlaceBet(b.ctx, bet)
	if placed, ok := wantSameAnswer(t, first, second, err, errAgain); ok {
		h.placed[gameID] = append(h.placed[gameID], placed.GetBet())
	}
	switch n % 4 {
	case 0:
		_, _ = a.games.PassDice(a.ctx, &gamev1.PassDiceRequest{GameId: gameID}) // Mostly refused.
	case 1, 3:
		var wg sync.WaitGroup
		var rolls [2]*gamev1.RollDiceResponse
		var failed [2]error
		for i, p := range h.views {
			wg.Go(func() {
				rolls[i], failed[i] = p.games.RollDice(p.ctx, &gamev1.RollDiceRequest{GameId: gameID, RequestId: fmt.Sprint("roll ", n)})
			})
		}
		wg.Wait()
		if failed[0] == nil && failed[1] == nil && rolls[0].GetRound() != rolls[1].GetRound() {
			t.Errorf("one request rolled %v and %v", rolls[0], rolls[1])
		}
	}
	for _, p := range h.views { // Both replicas list everything that was answered.
		h.check(t, p, gameID)
	}
}

func (h *roamingPlayer) check(t *testing.T, p *player, gameID string) {
	t.Helper()
	listed := make(map[string]bool)
	for _, bet := range p.bets(gameID, 7, "") {
		if listed[bet.GetBetId()] {
			t.Errorf("bet %s is listed twice", bet.GetBetId())
		}
		listed[bet.GetBetId()] = true
	}
	for _, bet := range h.placed[gameID] {
		if !listed[bet.GetBetId()] {
			t.Errorf("bet %v is not listed", bet)
		}
	}
	if len(listed) != len(h.placed[gameID]) {
		t.Errorf("%d bets are listed, %d were placed", len(listed), len(h.placed[gameID]))
	}
}

// wantConsistentEntries checks that a wallet's entries, newest first, lead from its balance down to 0.
func (p *player) wantConsistentEntries() {
	p.t.Helper()
	balance := p.balance()
	for _, entry := range p.entries(9) {
		if entry.GetBalance() != balance {
			p.t.Errorf("%v does not lead to %d", entry, balance)
		}
		balance -= entry.GetAmount()
	}
	if balance != 0 {
		p.t.Errorf("entries of %d are missing", balance)
	}
}

// TestPlayWithClockSkew has players play the same tables at both replicas concurrently, while time passes and both replicas sweep, and
// then looks for missing and duplicate bets, rolls and entries.
func TestPlayWithClockSkew(t *testing.T) {
	slow, fast := newReplicas(t)
	players, games := make([]*roamingPlayer, 4), make([]string, 2)
	for i := range players {
		p := []*testService{slow, fast}[i%2].player()
		players[i] = &roamingPlayer{views: [2]*player{p.via(slow), p.via(fast)}, placed: make(map[string][]*gamev1.Bet)}
	}
	for i := range games {
		games[i] = players[i].views[i].create()
		for _, h := range players {
			h.views[1-i].join(games[i])
		}
	}
	var wg sync.WaitGroup
	for i, h := range players {
		wg.Go(func() {
			for n := range 40 {
				h.act(t, games[(n/5+i)%len(games)], n)
				if i == 0 {
					advance(3*time.Second, slow, fast)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range games {
		testserver.Eventually(t, "the end of the last round", func() bool { return !players[0].views[0].get(id).GetRolling() })
		players[0].views[1].wantSettledOnce(id)
		if err := slow.auditor().Replay(t.Context(), uuid.MustParse(id), func(*gamev1.Round) error { return nil }); err != nil {
			t.Errorf("replay of %s: %v", id, err)
		}
	}
	for _, h := range players {
		for _, p := range h.views {
			p.wantConsistentEntries()
		}
	}
	slow.audit()
	fast.audit()
}
