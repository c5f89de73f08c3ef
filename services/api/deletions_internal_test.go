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

// tables are a game service that is told of deletions, and is away for some players.
type tables struct {
	grpc.ClientConnInterface
	mu   sync.Mutex
	away map[string]bool
	told []string
}

// Invoke implements grpc.ClientConnInterface.
func (t *tables) Invoke(_ context.Context, _ string, args, _ any, _ ...grpc.CallOption) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	of, ok := args.(*gamev1.ForgetPlayerRequest)
	switch {
	case !ok:
		return status.Error(codes.Unimplemented, "not of a deletion")
	case t.away[of.GetPlayerId()]:
		return status.Error(codes.Unavailable, "away")
	}
	t.told = append(t.told, of.GetPlayerId())
	return nil
}

// TestTablesHearOfDeletions deletes three players, of whom the tables hear at once, at a later tick, and not yet.
func TestTablesHearOfDeletions(t *testing.T) {
	engines(t, func(t *testing.T, s *Service) {
		s.keeper.loop.Stop()
		game := &tables{away: make(map[string]bool)}
		s.lobby = gamev1.NewLobbyServiceClient(game)
		var ids []string
		for _, away := range []bool{true, true, false} {
			caller, _ := newGuest(t, s)
			id := caller.Player.String()
			ids, game.away[id] = append(ids, id), away
			ctx := identity.NewContext(t.Context(), caller)
			must(t, second((&accountServer{Service: s}).DeleteAccount(ctx, &apiv1.DeleteAccountRequest{PlayerId: id})))
			nothingIsLeft(t, s, caller.Player)
		}
		heard := func(when string, want ...string) {
			t.Helper()
			var waiting []uuid.UUID
			must(t, s.store.Read(t.Context(), func(tx store.Tx) (err error) { waiting, err = tx.Deletions(t.Context(), 10); return err }))
			if !slices.Equal(game.told, want) || len(waiting) != len(ids)-len(want) {
				t.Errorf("%s the tables heard of %v, want %v; %v wait", when, game.told, want, waiting)
			}
		}
		heard("behind the answers", ids[2])
		delete(game.away, ids[1])
		s.keeper.tick(t.Context())
		heard("at a tick", ids[2], ids[1])
		delete(game.away, ids[0])
		for range 2 {
			s.keeper.tick(t.Context())
			heard("at later ticks", ids[2], ids[1], ids[0])
		}
	})
}
