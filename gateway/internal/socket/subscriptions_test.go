package socket

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/bitcraps/bitcraps/gateway/internal/live"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// idleGames is a game service with any number of games, in which nothing happens.
type idleGames struct {
	grpc.ClientStream
	ctx context.Context
}

func (idleGames) GetGame(_ context.Context, in *gamev1.GetGameRequest, _ ...grpc.CallOption) (*gamev1.GetGameResponse, error) {
	return &gamev1.GetGameResponse{Game: &gamev1.Game{GameId: in.GetGameId()}}, nil
}

func (idleGames) WatchGame(ctx context.Context, _ *gamev1.WatchGameRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[gamev1.WatchGameResponse], error) {
	return idleGames{ctx: ctx}, nil
}

func (idleGames) Header() (metadata.MD, error) { return nil, nil }

func (q idleGames) Recv() (*gamev1.WatchGameResponse, error) {
	<-q.ctx.Done()
	return nil, q.ctx.Err()
}

// TestSubscriptionsPerConnectionAreBounded has a client with the maximum number of subscriptions subscribe to one of its games again,
// and then replace it by another game before it reads the reply to its unsubscription. A further subscription is refused.
func TestSubscriptionsPerConnectionAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		feeds := live.New(idleGames{}, nil, clockwork.NewRealClock(), telemetry.Discard().For("test", 0))
		t.Cleanup(feeds.Close)
		conn, _ := serveSession(t, Deps{Feeds: feeds, Acquire: func(context.Context) (func(), error) { return func() {}, nil }})
		send := func(op string, game int) {
			t.Helper()
			text := fmt.Sprintf(`{"op":%q,"game_id":"01890000-0000-7000-8000-%012d"}`, op, game)
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		receive := func(kind string) {
			t.Helper()
			if _, text, err := conn.Read(t.Context()); err != nil || !strings.HasPrefix(string(text), `{"type":"`+kind+`"`) {
				t.Errorf("got %s, want %s: %v", text, kind, err)
			}
		}
		receive("welcome")
		for game := range 64 {
			send("subscribe", game)
			receive("subscribed")
		}
		send("subscribe", 0)
		receive("subscribed")
		send("subscribe", 65)
		receive("error")
		send("ping", 0) // Its reply is not read, so nothing further is sent.
		synctest.Wait()
		send("unsubscribe", 0)
		send("subscribe", 64)
		synctest.Wait()
		receive("pong")
		receive("unsubscribed")
		receive("subscribed")
		send("subscribe", 65)
		receive("error")
	})
}
