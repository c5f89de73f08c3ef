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
	// mailRetryDelay is when callers are told to come back where too many wait.
	mailRetryDelay = 10 * time.Second
)

// outbox sends mails behind the calls that cause them, so that no call takes longer where there is one to send.
type outbox struct {
	sender mail.Sender // nil where mails can't be sent.
	logger *slog.Logger
	queue  chan mail.Message
	ended  sync.WaitGroup
	cancel context.CancelFunc
}

func newOutbox(sender mail.Sender, logger *slog.Logger) *outbox {
	return &outbox{sender: sender, logger: logger, queue: make(chan mail.Message, outboxSize)}
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
				bounded, cancel := context.WithTimeout(ctx, mailTimeout)
				if err := o.sender.Send(bounded, m); err != nil {
					o.logger.WarnContext(ctx, "a mail was not sent", "subject", m.Subject, "error", err)
				}
				cancel()
			case <-ctx.Done():
				if left := len(o.queue); left > 0 {
					o.logger.WarnContext(ctx, "mails were dropped: the service stops", "mails", left)
				}
				return
			}
		}
	})
}

func (o *outbox) stop() {
	if o.cancel != nil {
		o.cancel()
	}
	o.ended.Wait()
}
