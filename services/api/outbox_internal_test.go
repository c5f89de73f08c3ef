package api

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bitcraps/bitcraps/services/api/internal/mail"
)

// slowSender sends one mail a second.
type slowSender struct{ sent int }

func (s *slowSender) Send(ctx context.Context, _ mail.Message) error {
	select {
	case <-time.After(time.Second):
		s.sent++
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestStopSendsQueuedMails stops a service while mails are queued: they are sent as long as there is time.
func TestStopSendsQueuedMails(t *testing.T) {
	for name, tc := range map[string]struct {
		queued, sent int
		timeout      time.Duration
	}{
		"enough time":             {3, 3, time.Minute},
		"more than can be sent":   {100, int(drainTimeout / time.Second), time.Minute},
		"the context ends before": {100, 2, 2500 * time.Millisecond},
		"empty queue":             {0, 0, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sender := &slowSender{}
				box := newOutbox(sender, slog.New(slog.DiscardHandler))
				box.start()
				for range tc.queued {
					box.send(t.Context(), mail.Message{})
				}
				ctx, cancel := context.WithTimeout(t.Context(), tc.timeout)
				defer cancel()
				if box.stop(ctx); sender.sent < tc.sent-1 || sender.sent > tc.sent {
					t.Errorf("%d mails were sent, want %d", sender.sent, tc.sent)
				}
			})
		})
	}
}
