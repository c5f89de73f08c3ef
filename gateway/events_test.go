package gateway

import (
	"context"
	"crypto/ed25519"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// idleGame is a game service with a game in which nothing happens.
type idleGame struct {
	grpc.ClientConnInterface
	grpc.ClientStream
	ctx context.Context
}

func (idleGame) Invoke(_ context.Context, _ string, in, out any, _ ...grpc.CallOption) error {
	out.(*gamev1.GetGameResponse).Game = &gamev1.Game{GameId: in.(*gamev1.GetGameRequest).GetGameId()}
	return nil
}

func (idleGame) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return idleGame{ctx: ctx}, nil
}

func (idleGame) Header() (metadata.MD, error) { return nil, nil }
func (idleGame) SendMsg(any) error            { return nil }
func (idleGame) CloseSend() error             { return nil }

func (q idleGame) RecvMsg(any) error {
	<-q.ctx.Done()
	return q.ctx.Err()
}

// newTestGateway returns a gateway in front of an idleGame.
func newTestGateway(t *testing.T) *Gateway {
	t.Helper()
	return newTestGatewayWith(t, idleGame{})
}

func newTestGatewayWith(t *testing.T, game grpc.ClientConnInterface) *Gateway {
	t.Helper()
	deps := Deps{API: game, Game: game, Consensus: game, Clock: clockwork.NewRealClock()}
	g, err := New(t.Context(), Default(), deps, telemetry.Discard().For("gateway", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.close() })
	return g
}

// TestStreamsEndWithSession watches an idle game for an hour until the player's session ends. An anonymous watcher's stream continues.
func TestStreamsEndWithSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, g := clockwork.NewRealClock(), newTestGateway(t)
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		g.auth.verifier = token.NewVerifier(newKeySource(&keyPublisher{keys: map[string]ed25519.PublicKey{"a": public}}, clock), clock)
		g.auth.revocations.sessions = &endedSessions{}
		who := token.Bearer{Player: uuid.New(), Session: uuid.Must(uuid.NewV7())}
		access, err := token.Key{ID: "a", Private: private}.Sign(who, clock.Now(), clock.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		client := serveHTTP2(t, g.server())
		player, anonymous := watchEvents(t, client, "Bearer "+access), watchEvents(t, client, "")
		time.Sleep(time.Hour)
		g.auth.revocations.add([]*apiv1.EndedSession{{SessionId: who.Session[:], EndedAt: timestamppb.New(clock.Now())}}, clock.Now())
		time.Sleep(time.Minute)
		g.drain() // The anonymous stream ends without an event.
		if text := <-player; !strings.Contains(text, ": alive\n\nevent: end\ndata: {") || !strings.Contains(text, "SESSION_ENDED") {
			t.Errorf("the player's: %q", text)
		}
		if text := <-anonymous; !strings.HasSuffix(text, ": alive\n\n") || strings.Contains(text, "end") {
			t.Errorf("the anonymous's: %q", text)
		}
	})
}

// watchEvents returns the text of an event stream after it has ended.
func watchEvents(t *testing.T, client *http.Client, authorization string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gateway/api/v1/games/"+uuid.NewString()+"/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		said <- string(text)
	}()
	return said
}
