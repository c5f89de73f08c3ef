package api

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// fakeGame is a game service that records deletions, and is unavailable for some players.
type fakeGame struct {
	grpc.ClientConnInterface
	mu          sync.Mutex
	unavailable map[string]bool
	forgotten   []string
}

// Invoke implements grpc.ClientConnInterface.
func (t *fakeGame) Invoke(_ context.Context, _ string, args, _ any, _ ...grpc.CallOption) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, ok := args.(*gamev1.ForgetPlayerRequest)
	switch {
	case !ok:
		return status.Error(codes.Unimplemented, "not a deletion")
	case t.unavailable[of.GetPlayerId()]:
		return status.Error(codes.Unavailable, "unavailable")
	}
	t.forgotten = append(t.forgotten, of.GetPlayerId())
	return nil
}

// TestDeletionsReachGameService deletes three players, whose deletions reach the game service at once, at the next tick, and at a
// later one.
func TestDeletionsReachGameService(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *Service) {
		s.maintenance.loop.Stop()
		game := &fakeGame{unavailable: make(map[string]bool)}
		s.lobby = gamev1.NewLobbyServiceClient(game)
		var ids []string
		for _, unavailable := range []bool{true, true, false} {
			caller, _ := newGuest(t, s)
			id := caller.Player.String()
			ids, game.unavailable[id] = append(ids, id), unavailable
			ctx := identity.NewContext(t.Context(), caller)
			must(t, errorOf((&accountServer{Service: s}).DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: id})))
			checkErased(t, s, caller.Player)
		}
		check := func(when string, want ...string) {
			t.Helper()
			var pending []uuid.UUID
			must(t, s.store.Read(t.Context(), func(tx store.Tx) (err error) { pending, err = tx.Deletions(t.Context(), 10); return err }))
			if !slices.Equal(game.forgotten, want) || len(pending) != len(ids)-len(want) {
				t.Errorf("%s the game service has erased %v, want %v; %v are pending", when, game.forgotten, want, pending)
			}
		}
		check("after the calls", ids[2])
		delete(game.unavailable, ids[1])
		s.maintenance.tick(t.Context())
		check("at a tick", ids[2], ids[1])
		delete(game.unavailable, ids[0])
		for range 2 {
			s.maintenance.tick(t.Context())
			check("at later ticks", ids[2], ids[1], ids[0])
		}
	})
}
