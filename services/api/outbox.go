package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/mail"
)

const (
	// outboxSize is how many mails may wait to be sent.
	outboxSize = 256
	// mailTimeout bounds the sending of one mail.
	mailTimeout = 15 * time.Second
	// drainTimeout is how long a stopping service continues to send queued mails.
	drainTimeout = 5 * time.Second
	// mailRetryDelay is when callers are told to retry if the outbox is full.
	mailRetryDelay = 10 * time.Second
)

// outbox sends mails in the background, after the calls that cause them, so that the duration of a call does not reveal whether it
// sends one.
type outbox struct {
	sender  mail.Sender // nil if mails can't be sent.
	logger  *slog.Logger
	queue   chan mail.Message
	closing chan struct{}
	ended   sync.WaitGroup
	cancel  context.CancelFunc
}

func newOutbox(sender mail.Sender, logger *slog.Logger) *outbox {
	return &outbox{sender: sender, logger: logger, queue: make(chan mail.Message, outboxSize), closing: make(chan struct{})}
}

// checkCapacity fails if no mail can be sent now. Callers check it whether they have a mail to send or not.
func (o *outbox) checkCapacity() error {
	if o.sender == nil {
		return errs.New(errorsv1.Reason_REASON_MAIL_NOT_CONFIGURED, "no mail server is configured here; sign in with a device")
	}
	if len(o.queue) == cap(o.queue) {
		return errs.New(errorsv1.Reason_REASON_OVERLOADED, "too many mails are waiting to be sent; try again in %s", mailRetryDelay).RetryAfter(mailRetryDelay)
	}
	return nil
}

// send queues a mail. If the outbox is full, the mail is dropped, and the log says so.
func (o *outbox) send(ctx context.Context, m mail.Message) {
	select {
	case o.queue <- m:
	default:
		o.logger.WarnContext(ctx, "a mail was dropped: the outbox is full")
	}
}

func (o *outbox) start() {
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel = cancel
	o.ended.Go(func() {
		for {
			select {
			case m := <-o.queue:
				o.deliver(ctx, m)
			case <-o.closing:
				o.drain(ctx)
				return
			}
		}
	})
}

func (o *outbox) deliver(ctx context.Context, m mail.Message) {
	bounded, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	if err := o.sender.Send(bounded, m); err != nil {
		o.logger.WarnContext(ctx, "a mail was not sent", "subject", m.Subject, "error", err)
	}
}

// drain sends the queued mails until the context ends.
func (o *outbox) drain(ctx context.Context) {
	for len(o.queue) > 0 && ctx.Err() == nil {
		o.deliver(ctx, <-o.queue)
	}
	if unsent := len(o.queue); unsent > 0 {
		o.logger.WarnContext(ctx, "mails were dropped: the service is stopping", "mails", unsent)
	}
}

// stop sends the queued mails, for at most drainTimeout and until the context ends.
func (o *outbox) stop(ctx context.Context) {
	if o.cancel == nil { // It was not started.
		return
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, o.cancel)()
	close(o.closing)
	o.ended.Wait()
	o.cancel()
}
