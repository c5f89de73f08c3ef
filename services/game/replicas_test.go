package game_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/testserver"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestMain stops the servers that tests share.
func TestMain(m *testing.M) { os.Exit(testserver.Suite{M: m}.Run()) }

// watchStream is a stream of a game's events, whose sequence must have no gaps.
type watchStream struct {
	*player
	stream grpc.ServerStreamingClient[gamev1.WatchGameResponse]
	last   int64
}

func (p *player) watch(gameID string) *watchStream {
	p.t.Helper()
	stream, err := p.games.WatchGame(p.ctx, &gamev1.WatchGameRequest{GameId: gameID})
	if err == nil {
		_, err = stream.Header()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return &watchStream{player: p, stream: stream}
}

func (w *watchStream) readTo(sequence int64) {
	w.t.Helper()
	for w.last < sequence {
		resp, err := w.stream.Recv()
		if err != nil || resp.GetEvent().GetSequence() != w.last+1 {
			w.t.Fatalf("event %d is followed by %v, %v", w.last, resp, err)
		}
		w.last++
	}
}

// TestReplicasSeeEachOthersEvents runs two replicas on one database. Players bet at both, and watchers at both receive every event once
// and in order: with Redis, after it is killed, and after it is back.
func TestReplicasSeeEachOthersEvents(t *testing.T) {
	server, path := testserver.NewRedis(t), filepath.Join(t.TempDir(), "game.db")
	url := server.URL()
	players := make([]*player, 2)
	for i := range players {
		replica := &testService{t: t, path: path, redis: url, validators: &validators{}}
		replica.start()
		players[i] = replica.player()
	}
	id := players[0].create()
	if _, err := players[1].games.JoinGame(players[1].ctx, &gamev1.JoinGameRequest{GameId: id}); err != nil {
		t.Fatal(err)
	}
	watchers := []*watchStream{players[0].watch(id), players[1].watch(id)}
	degraded := func() bool { return players[0].svc.Degraded()[0].Check(t.Context()) != nil }
	play := func() {
		t.Helper()
		wagers := []string{"field", "any_craps", "next_2", "next_3", "next_7"}
		if players[0].get(id).GetPhase() == gamev1.Phase_PHASE_COME_OUT {
			wagers = append(wagers, "pass_line") // Without it nobody may roll.
		}
		for _, p := range players {
			for _, wager := range wagers {
				p.bet(id, wager, 1)
			}
			for _, w := range watchers { // Each waits for events of the other replica.
				w.readTo(p.get(id).GetSequence())
			}
		}
		for _, p := range players {
			if p.id.String() != p.get(id).GetShooterId() {
				continue
			}
			if _, err := p.games.RollDice(p.ctx, &gamev1.RollDiceRequest{GameId: id}); err != nil {
				t.Fatal(err)
			}
			break
		}
		for _, w := range watchers {
			w.readTo(players[0].get(id).GetSequence())
		}
	}
	play()
	server.Kill()
	for range 3 {
		play()
	}
	for _, p := range players {
		if err := p.svc.Health(t.Context()); err != nil {
			t.Errorf("without Redis the service is not ready: %v", err)
		}
	}
	if !degraded() {
		t.Error("without Redis the service does not report that it is degraded")
	}
	server.Restart(t)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for degraded() {
		<-tick.C
	}
	for range 3 {
		play()
	}
	players[0].audit()
}
