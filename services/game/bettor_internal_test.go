package game

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// bettor is a player who sits at a table and places one bet.
type bettor struct {
	s    manualService
	id   uuid.UUID
	game string
	resp *gamev1.PlaceBetResponse
	err  error
}

func (p *bettor) ctx() context.Context { return identity.WithPlayer(p.s.t.Context(), p.id) }

func (p *bettor) request() *gamev1.PlaceBetRequest {
	return &gamev1.PlaceBetRequest{GameId: p.game, BetType: "field", Amount: 10, RequestId: "bet"}
}

// bet is an ordinary call.
func (p *bettor) bet() error {
	p.resp, p.err = (&gameServer{Service: p.s.Service}).PlaceBet(p.ctx(), p.request())
	return nil
}

// betWithID is a call whose bet gets the given id. If another bet has it, only the database notices.
func (p *bettor) betWithID(id string) func() error {
	return func() error {
		resp, game := &gamev1.PlaceBetResponse{}, uuid.MustParse(p.game)
		p.err = p.s.committer.do(&command{ctx: p.ctx(), actor: p.id, key: play.Key{Game: game, Player: p.id}, req: p.request(), resp: resp,
			run: func(_ context.Context, _ play.Tx, turn *play.Turn) (*play.Turn, error) {
				turn.NewID = func() uuid.UUID { return uuid.MustParse(id) }
				_, err := turn.PlaceBet(play.NewBet{Player: p.id, Wager: "field", Amount: 10})
				return turn, err
			}})
		return nil
	}
}

// wantBets fails unless these are the player's live bets in the store, each of 10.
func (p *bettor) wantBets(ids ...string) {
	p.s.t.Helper()
	bets, err := p.s.store.Bets(p.s.t.Context(), uuid.MustParse(p.game), p.id, play.Live, uuid.Nil, 10)
	var found []string
	for _, bet := range bets {
		found = append(found, bet.ID.String())
	}
	balance, _, balanceErr := p.s.store.Balance(p.s.t.Context(), ledger.Wallet(p.id))
	if err != nil || balanceErr != nil || fmt.Sprint(found) != fmt.Sprint(ids) || balance != int64(1000-10*len(ids)) {
		p.s.t.Errorf("%s has bets %v and a wallet of %d, %v %v; want bets %v", p.id, found, balance, err, balanceErr, ids)
	}
}

// newBettors seats players at two tables, each with a wallet.
func newBettors(s manualService, count int) []*bettor {
	s.t.Helper()
	games, tables, players := &gameServer{Service: s.Service}, make([]string, 2), make([]*bettor, count)
	for i := range players {
		p := &bettor{s: s, id: uuid.Must(uuid.NewV7())}
		players[i] = p
		if i < len(tables) {
			s.commitTogether(func() error {
				resp, err := games.CreateGame(p.ctx(), &gamev1.CreateGameRequest{})
				tables[i] = resp.GetGame().GetGameId()
				return err
			})
		}
		p.game = tables[i%len(tables)]
		s.commitTogether(func() error {
			_, err := games.JoinGame(p.ctx(), &gamev1.JoinGameRequest{GameId: p.game})
			return err
		})
		s.commitTogether(func() error {
			_, err := s.balance(p.ctx(), p.id)
			return err
		})
	}
	return players
}
