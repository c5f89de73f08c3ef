package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/ratelimit"
	"github.com/bitcraps/bitcraps/libs/redis"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/password"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// passwordRetryDelay is when callers are told to come back where too many passwords are being hashed.
const passwordRetryDelay = 2 * time.Second

// code makes a code that nobody can foresee.
func (s *Service) code() string {
	var drawn [8]byte
	s.fill(drawn[:])
	return account.NewCode(drawn)
}

func (s *Service) salt() (salt [password.SaltSize]byte) {
	s.fill(salt[:])
	return salt
}

func (s *Service) hash(ctx context.Context, text string) (string, error) {
	hash, err := s.hasher.Hash(ctx, text, s.salt())
	return hash, busy(err)
}

// checkPassword fails where the password has not the hash, and as slowly where there is none.
func (s *Service) checkPassword(ctx context.Context, text, hash string) error {
	ok, err := s.hasher.Check(ctx, text, hash)
	if err == nil && !ok {
		err = wrongPassword()
	}
	return busy(err)
}

func wrongPassword() error {
	return errs.New(errorsv1.Reason_REASON_SIGN_IN_FAILED, "address and password do not belong together; try again, or ask for a new password")
}

// unchanged refuses a password that was right when it was checked and is the account's no more: hashing takes so long that a reset fits
// in. The transaction has the player.
func unchanged(ctx context.Context, tx store.Tx, checked account.Account) error {
	found, err := tx.Account(ctx, checked.Player)
	if errors.Is(err, account.ErrNotFound) || err == nil && found.Password != checked.Password {
		return wrongPassword()
	}
	return err
}

func busy(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return errs.New(errorsv1.Reason_REASON_OVERLOADED, "too many passwords are being checked; try again in %s", passwordRetryDelay).RetryAfter(passwordRetryDelay)
	}
	return err
}

var (
	// passwordLimit is how often passwords and codes of one account may be tried.
	passwordLimit = ratelimit.Limit{Rate: 60, Period: time.Hour, Burst: 10}
	// mailLimit is how often one address may be sent mails.
	mailLimit = ratelimit.Limit{Rate: 6, Period: time.Hour, Burst: 3}
)

// limitedAddresses is how many addresses this process remembers the attempts of.
const limitedAddresses = 100_000

// attempts bound what is tried against one account, whoever tries. Addresses without an account are counted alike. Replicas count
// together where they share a Redis.
type attempts struct {
	limiter ratelimit.Limiter
	redis   *redis.Client // nil where this process counts alone.
}

func newAttempts(ctx context.Context, cfg redis.Config, clock clockwork.Clock, scope telemetry.Scope) (*attempts, error) {
	local := ratelimit.NewMemory(clock, limitedAddresses)
	if !cfg.Enabled() {
		return &attempts{limiter: local}, nil
	}
	shared, err := redis.Open(ctx, cfg, clock, scope)
	if err != nil {
		return nil, err
	}
	return &attempts{limiter: ratelimit.NewFallback(shared, ratelimit.NewRedis(shared), local), redis: shared}, nil
}

func (a *attempts) close() error {
	if a.redis == nil {
		return nil
	}
	return a.redis.Close()
}

func (a *attempts) password(ctx context.Context, email string) error {
	return a.count(ctx, "password", email, passwordLimit)
}

func (a *attempts) mail(ctx context.Context, email string) error {
	return a.count(ctx, "mail", email, mailLimit)
}

func (a *attempts) count(ctx context.Context, kind, email string, limit ratelimit.Limit) error {
	hash := sha256.Sum256([]byte(email)) // Limits are kept elsewhere too, where addresses do not belong.
	result, err := a.limiter.Allow(ctx, "account:"+kind+":"+hex.EncodeToString(hash[:16]), limit, 1)
	if err != nil || result.Allowed {
		return err
	}
	wait := result.RetryAfter.Round(time.Second) + time.Second
	return errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "too many attempts for this account; try again in %s", wait).RetryAfter(wait)
}
