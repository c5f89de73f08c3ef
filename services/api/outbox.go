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
	// outboxSize is how many mails wait.
	outboxSize = 256
	// mailTimeout is how long a mail may take.
	mailTimeout = 15 * time.Second
	// farewell is how long a service that stops goes on sending what waits.
	farewell = 5 * time.Second
	// mailRetryDelay is when callers are told to come back where too many wait.
	mailRetryDelay = 10 * time.Second
)

// outbox sends mails behind the calls that cause them, so that no call takes longer where there is one to send.
type outbox struct {
	sender  mail.Sender // nil where mails can't be sent.
	logger  *slog.Logger
	queue   chan mail.Message
	closing chan struct{}
	ended   sync.WaitGroup
	cancel  context.CancelFunc
}

func newOutbox(sender mail.Sender, logger *slog.Logger) *outbox {
	return &outbox{sender: sender, logger: logger, queue: make(chan mail.Message, outboxSize), closing: make(chan struct{})}
}

// room fails where no mail can be sent now. It is asked whether there is one to send or not.
func (o *outbox) room() error {
	if o.sender == nil {
		return errs.New(errorsv1.Reason_REASON_MAIL_NOT_CONFIGURED, "no mail is sent from here; sign in with a device")
	}
	if len(o.queue) == cap(o.queue) {
		return errs.New(errorsv1.Reason_REASON_OVERLOADED, "too many mails wait to be sent; try again in %s", mailRetryDelay).RetryAfter(mailRetryDelay)
	}
	return nil
}

// send has a mail sent. One that finds no room is lost, as mails are; the log says so.
func (o *outbox) send(ctx context.Context, m mail.Message) {
	select {
	case o.queue <- m:
	default:
		o.logger.WarnContext(ctx, "a mail was dropped: too many wait")
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
				o.empty(ctx)
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

// empty sends what waits, as long as there is time.
func (o *outbox) empty(ctx context.Context) {
	for len(o.queue) > 0 && ctx.Err() == nil {
		o.deliver(ctx, <-o.queue)
	}
	if left := len(o.queue); left > 0 {
		o.logger.WarnContext(ctx, "mails were dropped: the service stops", "mails", left)
	}
}

// stop sends what waits, within some seconds and the time that the context leaves.
func (o *outbox) stop(ctx context.Context) {
	if o.cancel == nil { // It has not begun.
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	defer context.AfterFunc(ctx, o.cancel)()
	close(o.closing)
	o.ended.Wait()
	o.cancel()
}
