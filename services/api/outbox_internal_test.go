package api

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bitcraps/bitcraps/services/api/internal/mail"
)

// slow takes a mail a second.
type slow struct{ sent int }

func (s *slow) Send(ctx context.Context, _ mail.Message) error {
	select {
	case <-time.After(time.Second):
		s.sent++
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestAServiceThatStopsSendsWhatWaits has mails wait as a service stops: they go out, as long as there is time.
func TestAServiceThatStopsSendsWhatWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		waiting, sent int
		leaves        time.Duration
	}{
		"there is time":          {3, 3, time.Minute},
		"more than can be sent":  {100, int(farewell / time.Second), time.Minute},
		"the process has to end": {100, 2, 2500 * time.Millisecond},
		"nothing waits":          {0, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sender := &slow{}
				box := newOutbox(sender, slog.New(slog.DiscardHandler))
				box.start()
				for range tc.waiting {
					box.send(t.Context(), mail.Message{})
				}
				ctx, cancel := context.WithTimeout(t.Context(), tc.leaves)
				defer cancel()
				if box.stop(ctx); sender.sent < tc.sent-1 || sender.sent > tc.sent {
					t.Errorf("%d mails were sent, want %d", sender.sent, tc.sent)
				}
			})
		})
	}
}
