package live_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/gateway/internal/live"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// privateGames is a game service whose game is visible to admitted players only.
type privateGames struct {
	*fakeGames
	admitted map[uuid.UUID]bool
}

func (p *privateGames) check(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.admitted[identity.FromContext(ctx).Player] {
		return errs.New(errorsv1.Reason_REASON_GAME_NOT_FOUND, "no such game").GRPCStatus().Err()
	}
	return nil
}

func (p *privateGames) GetGame(ctx context.Context, in *gamev1.GetGameRequest, opts ...grpc.CallOption) (*gamev1.GetGameResponse, error) {
	if err := p.check(ctx); err != nil {
		return nil, err
	}
	return p.fakeGames.GetGame(ctx, in, opts...)
}

func (p *privateGames) WatchGame(ctx context.Context, in *gamev1.WatchGameRequest, opts ...grpc.CallOption) (grpc.ServerStreamingClient[gamev1.WatchGameResponse], error) {
	if err := p.check(ctx); err != nil {
		return nil, err
	}
	return p.fakeGames.WatchGame(ctx, in, opts...)
}

// TestPrivateGamesAreVisibleToAdmittedPlayersOnly has friends watch from the beginning, which is further back than the feed, and after
// the streams broke and the first watcher left. A stranger is refused, whoever else watches.
func TestPrivateGamesAreVisibleToAdmittedPlayersOnly(t *testing.T) {
	host, friend, stranger := uuid.New(), uuid.New(), uuid.New()
	games := &privateGames{newFakeGames(), map[uuid.UUID]bool{host: true, friend: true}}
	games.appendEvents(1000, false)
	feeds := newFeeds(t, games, clockwork.NewRealClock())
	refused := func() {
		t.Helper()
		for _, player := range []uuid.UUID{stranger, uuid.Nil} {
			_, err := feeds.Follow(identity.WithPlayer(t.Context(), player), gameID, 0, player, nil)
			if errs.Reason(err) != errorsv1.Reason_REASON_GAME_NOT_FOUND {
				t.Errorf("%s watches: %v", player, err)
			}
		}
	}
	refused()
	first, second := followAs(t, feeds, host), followAs(t, feeds, friend)
	for _, w := range []*watcher{first, second} {
		w.reach(1000)
	}
	refused()
	first.Close()
	games.breakStreams()
	games.appendEvents(10, false)
	second.reach(1010)
	refused()
}

func followAs(t *testing.T, feeds *live.Feeds, player uuid.UUID) *watcher {
	t.Helper()
	w := &watcher{t: t, wake: make(chan struct{}, 1)}
	var err error
	if w.Cursor, err = feeds.Follow(identity.WithPlayer(t.Context(), player), gameID, 0, player, w.wake); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}
