package game

import (
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/events"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// replayBatch is how many past events are read at once.
const replayBatch = 200

// watcher is one stream's place in a game's log.
type watcher struct {
	*Service
	game   *play.Game
	stream grpc.ServerStreamingServer[gamev1.WatchGameResponse]
	last   uint64 // The sequence that was sent last.
	ended  bool   // Whether that was the game's last event.
}

// WatchGame implements the contract.
func (s *gameServer) WatchGame(req *gamev1.WatchGameRequest, stream grpc.ServerStreamingServer[gamev1.WatchGameResponse]) error {
	id, err := parseID("game_id", req.GetGameId()) // What is published has the one way to write it.
	if err != nil {
		return err
	}
	// Subscribing comes before reading the past, so that nothing falls between the two.
	live := s.events.Subscribe(id.String())
	defer live.Close()
	game, err := s.game(stream.Context(), id.String())
	if err != nil {
		return err
	}
	w := &watcher{Service: s.Service, game: game, stream: stream, last: uint64(req.GetAfterSequence())}
	if w.last > game.Sequence {
		return errs.New(errorsv1.Reason_REASON_SEQUENCE_AHEAD, "the game has %d events; there is none after %d", game.Sequence, w.last).
			Field("after_sequence", "must not be beyond the log's end")
	}
	if err := stream.SendHeader(nil); err != nil { // Tells the watcher that it is watching, before anything happens.
		return err
	}
	if err := w.replay(); err != nil {
		return err
	}
	if w.last == game.Sequence && game.Status != gamev1.GameStatus_GAME_STATUS_OPEN {
		return nil // The watcher had the last event already.
	}
	for !w.ended {
		select {
		case notice, ok := <-live.C:
			if !ok {
				return cutOff(errorsv1.Reason_REASON_SLOW_READER, "you read too slowly; resume after sequence %d", w.last)
			}
			if err := w.deliver(notice); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.stop:
			return cutOff(errorsv1.Reason_REASON_UNAVAILABLE, "the service is stopping; resume after sequence %d", w.last)
		}
	}
	return nil
}

// cutOff ends a watch that can go on elsewhere, or later.
func cutOff(reason errorsv1.Reason, format string, last uint64) error {
	return errs.New(reason, format, last).With("after_sequence", last).RetryAfter(retryDelay)
}

// replay sends the stored events behind the last one that was sent.
func (w *watcher) replay() error {
	for {
		batch, err := w.store.Events(w.stream.Context(), w.game.ID, w.last, replayBatch)
		if err != nil {
			return err
		}
		for _, event := range batch {
			if err := w.send(event, ""); err != nil {
				return err
			}
		}
		if len(batch) < replayBatch {
			return nil
		}
	}
}

// deliver sends a live event, unless the replay did. Events of different transactions and replicas can arrive in any order
// or not at all, so a gap is filled from the store, which has everything up to the event.
func (w *watcher) deliver(notice events.Notice[*play.Event]) error {
	switch {
	case notice.Sequence == 0 || notice.Sequence > w.last+1:
		return w.replay()
	case notice.Sequence <= w.last:
		return nil
	}
	return w.send(notice.Value, telemetry.Traceparent(notice.Cause))
}

func (w *watcher) send(event *play.Event, traceparent string) error {
	w.last = uint64(event.GetSequence())
	w.ended = event.GetGameClosed() != nil
	return w.stream.Send(&gamev1.WatchGameResponse{Event: event, Traceparent: traceparent})
}
