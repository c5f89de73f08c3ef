package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

var rules = play.Rules{Grant: 1000, ShooterTimeout: time.Minute}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func prepare(turn *play.Turn) *play.Turn {
	turn.Rules, turn.Now, turn.NewID = rules, time.Now().UTC().Truncate(time.Microsecond), newID
	return turn
}

// bankroll funds the house.
func bankroll(t *testing.T, store play.Store) {
	t.Helper()
	if err := store.Update(t.Context(), func(tx play.Tx) error {
		return tx.Transfer(t.Context(), ledger.Transfer{From: ledger.Issuance, To: ledger.House, Amount: 1_000_000_000, Reason: ledger.Bankroll, At: time.Now()})
	}); err != nil {
		t.Fatal(err)
	}
}

// table opens a game and seats players at it.
func table(t *testing.T, store play.Store, players ...uuid.UUID) uuid.UUID {
	t.Helper()
	turn := prepare(&play.Turn{})
	if err := play.Create(turn, players[0], play.Limits{MaxPlayers: 8, MinBet: 1, MaxBet: 500}); err != nil {
		t.Fatal(err)
	}
	for _, player := range players[1:] {
		if err := turn.Join(player); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Update(t.Context(), func(tx play.Tx) error { return tx.Save(t.Context(), turn) }); err != nil {
		t.Fatal(err)
	}
	return turn.Game.ID
}

// call runs a command with a request id, as the service does. between runs when everything is saved, before the commit.
func call(ctx context.Context, store play.Store, key play.Key, id string, command func(*play.Turn) error, between func()) (first bool, err error) {
	request := play.RequestKey{Player: key.Player, ID: id}
	err = store.Update(ctx, func(tx play.Tx) error {
		first = false
		turns, err := tx.Load(ctx, key)
		if err != nil {
			return err
		}
		known, err := tx.Requests(ctx, request)
		if err != nil || len(known) > 0 {
			return err
		}
		if err := command(prepare(turns[0])); err != nil {
			return err
		}
		if err := tx.Save(ctx, turns...); err != nil {
			return err
		}
		first = true
		err = tx.SaveRequests(ctx, map[play.RequestKey]play.Request{request: {Fingerprint: []byte{1}, Response: []byte{2}, At: time.Now()}})
		between()
		return err
	})
	return first, err
}

// toggle takes the player's field bet back if there is one, else it places one.
func toggle(player uuid.UUID) func(*play.Turn) error {
	return func(turn *play.Turn) error {
		for _, bet := range turn.Bets {
			if bet.Player == player {
				return turn.RemoveBet(bet)
			}
		}
		_, err := turn.PlaceBet(play.NewBet{Player: player, Wager: "field", Amount: 10})
		return err
	}
}

// expectBalanced fails if the ledger is not consistent.
func expectBalanced(t *testing.T, store play.Store) {
	t.Helper()
	if audit, err := store.Audit(context.WithoutCancel(t.Context())); err != nil || !audit.Balanced() {
		t.Errorf("audit = %+v, %v", audit, err)
	}
}
