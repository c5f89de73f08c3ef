package game_test

import (
	"path/filepath"
	"testing"

	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/testserver"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestDiskRunsFull fills the disk while one table waits for a bet and another one for its dice. Both calls are refused with
// STORAGE_FULL, players still see their tables and wallets, and the same calls succeed once there is room, without a restart of the
// service or its database.
func TestDiskRunsFull(t *testing.T) {
	disk := testserver.NewDisk(t, 4<<20)
	ts := &testService{t: t, path: filepath.Join(disk.Dir, "game.db"), clock: clockwork.NewFakeClock(), validators: &validators{}}
	ts.start()
	alice := ts.player()
	rolling, waiting := alice.create(), alice.create()
	alice.bet(rolling, "pass_line", 100)
	roll := &gamev1.RollDiceRequest{GameId: rolling, RequestId: "roll"}
	bet := &gamev1.PlaceBetRequest{GameId: waiting, BetType: "field", Amount: 50, RequestId: "bet"}

	ts.validators.setUnavailable(true)
	if _, err := alice.games.RollDice(alice.ctx, roll); errs.Reason(err) != errorsv1.Reason_REASON_NO_QUORUM {
		t.Fatal(err)
	}
	ts.validators.setUnavailable(false)
	before := alice.get(waiting)
	disk.Fill(t)
	_, rollErr := alice.games.RollDice(alice.ctx, roll)
	_, betErr := alice.games.PlaceBet(alice.ctx, bet)
	for what, err := range map[string]error{"roll": rollErr, "bet": betErr} {
		if errs.Reason(err) != errorsv1.Reason_REASON_STORAGE_FULL || status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if balance, after := alice.balance(), alice.get(waiting); balance != 900 || !proto.Equal(before, after) {
		t.Errorf("the refused bet left a balance of %d and made %v of %v", balance, after, before)
	}
	ts.audit()

	disk.FreeAll(t)
	placed, err := alice.games.PlaceBet(alice.ctx, bet)
	again, errAgain := alice.games.PlaceBet(alice.ctx, bet)
	if err != nil || errAgain != nil || placed.GetBalance() != 850 || !proto.Equal(placed, again) {
		t.Errorf("with room: %v, %v; again %v, %v", placed, err, again, errAgain)
	}
	if rolled, err := alice.games.RollDice(alice.ctx, roll); err != nil || rolled.GetRound() != 1 {
		t.Errorf("with room: %v, %v", rolled, err)
	}
	ts.audit()
}
