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

// replayBatch is how many stored events are read at once.
const replayBatch = 200

// watcher is one stream and its position in a game's log.
type watcher struct {
	*Service
	game   *play.Game
	stream grpc.ServerStreamingServer[gamev1.WatchGameResponse]
	last   uint64 // The sequence that was sent last.
	ended  bool   // Whether that was the game's last event.
}

// WatchGame implements the contract.
func (s *gameServer) WatchGame(req *gamev1.WatchGameRequest, stream grpc.ServerStreamingServer[gamev1.WatchGameResponse]) error {
	id, err := parseID("game_id", req.GetGameId()) // The bus's topics have the canonical form of the id.
	if err != nil {
		return err
	}
	// Subscribe before reading stored events, so that no event is missed between the two.
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
	if err := stream.SendHeader(nil); err != nil { // Tells the client that the watch is established, before the first event.
		return err
	}
	if err := w.replay(); err != nil {
		return err
	}
	if w.last == game.Sequence && game.Status != gamev1.GameStatus_GAME_STATUS_OPEN {
		return nil // The watcher already has the last event.
	}
	for !w.ended {
		select {
		case notice, ok := <-live.C:
			if !ok {
				return disconnect(errorsv1.Reason_REASON_SLOW_READER, "you read too slowly; resume after sequence %d", w.last)
			}
			if err := w.deliver(notice); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.stop:
			return disconnect(errorsv1.Reason_REASON_UNAVAILABLE, "the service is stopping; resume after sequence %d", w.last)
		}
	}
	return nil
}

// disconnect returns the error that ends a watch which the client can resume, here later or at another replica.
func disconnect(reason errorsv1.Reason, format string, last uint64) error {
	return errs.New(reason, format, last).WithMetadata("after_sequence", last).RetryAfter(retryDelay)
}

// replay sends the stored events after the last one that was sent.
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

// deliver sends a live event, unless replay already sent it. Events of different transactions and replicas can arrive in any order or
// get lost, so a gap is filled from the store, which has all events up to this one.
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
