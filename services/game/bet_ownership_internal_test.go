package game

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestOtherPlayersBetsAreNotFound has a player at the table and one without a seat try to change another player's bet, whose id is public:
// alone, and in a group with a command that loads all players' bets.
func TestOtherPlayersBetsAreNotFound(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s manualService, _ *countingStore) {
		players := newBettors(s, 3) // The first and the last sit at one table.
		owner, games := players[0], &gameServer{Service: s.Service}
		s.commitTogether(owner.bet)
		bet := owner.resp.GetBet().GetBetId()
		leaver := identity.WithPlayer(t.Context(), uuid.Must(uuid.NewV7()))
		leave := func() error {
			_, err := games.LeaveGame(leaver, &gamev1.LeaveGameRequest{GameId: owner.game})
			return err
		}
		refused := func(call func() error) func() error {
			return func() error {
				if err := call(); errs.Reason(err) != errorsv1.Reason_REASON_BET_NOT_FOUND {
					t.Errorf("another player's bet: %v", err)
				}
				return nil
			}
		}
		for _, id := range []uuid.UUID{players[2].id, uuid.Must(uuid.NewV7())} {
			ctx := identity.WithPlayer(t.Context(), id)
			remove := refused(func() error {
				_, err := games.RemoveBet(ctx, &gamev1.RemoveBetRequest{GameId: owner.game, BetId: bet})
				return err
			})
			update := refused(func() error {
				_, err := games.UpdateBet(ctx, &gamev1.UpdateBetRequest{GameId: owner.game, BetId: bet, Amount: new(int64(5))})
				return err
			})
			s.commitTogether(remove)
			s.commitTogether(leave, update, remove)
		}
		owner.wantBets(bet)
	})
}
