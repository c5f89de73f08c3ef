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

// quiet is a game service with any number of tables, at which nothing happens.
type quiet struct {
	grpc.ClientStream
	ctx context.Context
}

func (quiet) GetGame(_ context.Context, in *gamev1.GetGameRequest, _ ...grpc.CallOption) (*gamev1.GetGameResponse, error) {
	return &gamev1.GetGameResponse{Game: &gamev1.Game{GameId: in.GetGameId()}}, nil
}

func (quiet) WatchGame(ctx context.Context, _ *gamev1.WatchGameRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[gamev1.WatchGameResponse], error) {
	return quiet{ctx: ctx}, nil
}

func (quiet) Header() (metadata.MD, error) { return nil, nil }

func (q quiet) Recv() (*gamev1.WatchGameResponse, error) {
	<-q.ctx.Done()
	return nil, q.ctx.Err()
}

// TestPlacesOfAConnection has a client that watches as many games as it may watch one of them again, and another one instead
// of it, before it reads that it left the first. One more is refused.
func TestPlacesOfAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		feeds := live.New(quiet{}, nil, clockwork.NewRealClock(), telemetry.Discard().For("test", 0))
		t.Cleanup(feeds.Close)
		conn, _ := open(t, Deps{Feeds: feeds, Admit: func(context.Context) (func(), error) { return func() {}, nil }})
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
				t.Errorf("%s comes where %s belongs: %v", text, kind, err)
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
		send("ping", 0) // Its answer is not read, so that nothing further is sent.
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
