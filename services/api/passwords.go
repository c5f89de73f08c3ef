package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/google/uuid"
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

// passwordRetryDelay is when callers are told to retry if too many passwords are being hashed.
const passwordRetryDelay = 2 * time.Second

// newCode draws an unpredictable code.
func (s *Service) newCode() string {
	var random [8]byte
	s.fillRandom(random[:])
	return account.NewCode(random)
}

func (s *Service) newSalt() (salt [password.SaltSize]byte) {
	s.fillRandom(salt[:])
	return salt
}

func (s *Service) hash(ctx context.Context, text string) (string, error) {
	hash, err := s.hasher.Hash(ctx, text, s.newSalt())
	return hash, overloaded(err)
}

// checkPassword fails if the password does not match the hash. An empty hash fails after the same work.
func (s *Service) checkPassword(ctx context.Context, text, hash string) error {
	ok, err := s.hasher.Check(ctx, text, hash)
	if err == nil && !ok {
		err = wrongPassword()
	}
	return overloaded(err)
}

func wrongPassword() error {
	return errs.New(errorsv1.Reason_REASON_SIGN_IN_FAILED, "wrong address or password; try again, or reset the password")
}

// passwordUnchanged fails if the account's password changed since it was checked: hashing takes long enough for a reset to happen
// meanwhile. The transaction must hold the lock on the player.
func passwordUnchanged(ctx context.Context, tx store.Tx, checked account.Account) error {
	found, err := tx.Account(ctx, checked.Player)
	if errors.Is(err, account.ErrNotFound) || err == nil && found.Password != checked.Password {
		return wrongPassword()
	}
	return err
}

func overloaded(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return errs.New(errorsv1.Reason_REASON_OVERLOADED, "too many passwords are being checked; try again in %s", passwordRetryDelay).RetryAfter(passwordRetryDelay)
	}
	return err
}

var (
	// passwordLimit bounds attempts at the password of one account. Codes have a limit of their own, account.maxAttempts.
	passwordLimit = ratelimit.Limit{Rate: 60, Period: time.Hour, Burst: 10}
	// mailLimit bounds mails to one address, and mails to any addresses that one player asks for.
	mailLimit = ratelimit.Limit{Rate: 6, Period: time.Hour, Burst: 3}
)

// trackedAddresses is how many addresses' attempts this process remembers.
const trackedAddresses = 100_000

// attemptLimiter bounds the attempts against one account, by any number of clients. Addresses without an account are limited alike.
// Replicas that share a Redis count together.
type attemptLimiter struct {
	limiter ratelimit.Limiter
	redis   *redis.Client // nil if this process counts by itself.
}

func newAttemptLimiter(ctx context.Context, cfg redis.Config, clock clockwork.Clock, scope telemetry.Scope) (*attemptLimiter, error) {
	local := ratelimit.NewMemory(clock, trackedAddresses)
	if !cfg.Enabled() {
		return &attemptLimiter{limiter: local}, nil
	}
	shared, err := redis.Open(ctx, cfg, clock, scope)
	if err != nil {
		return nil, err
	}
	return &attemptLimiter{limiter: ratelimit.NewFallback(shared, ratelimit.NewRedis(shared), local), redis: shared}, nil
}

func (a *attemptLimiter) close() error {
	if a.redis == nil {
		return nil
	}
	return a.redis.Close()
}

func (a *attemptLimiter) allowPassword(ctx context.Context, email string) error {
	return a.allow(ctx, "password", email, passwordLimit)
}

func (a *attemptLimiter) allowMail(ctx context.Context, email string) error {
	return a.allow(ctx, "mail", email, mailLimit)
}

// allowMailBy counts a mail by the player who asks for it, since the addresses may be those of any number of strangers.
func (a *attemptLimiter) allowMailBy(ctx context.Context, player uuid.UUID) error {
	return a.allow(ctx, "mailer", player.String(), mailLimit)
}

func (a *attemptLimiter) allow(ctx context.Context, kind, subject string, limit ratelimit.Limit) error {
	hash := sha256.Sum256([]byte(subject)) // Counters may be kept in Redis, where addresses do not belong.
	result, err := a.limiter.Allow(ctx, "account:"+kind+":"+hex.EncodeToString(hash[:16]), limit, 1)
	if err != nil || result.Allowed {
		return err
	}
	wait := result.RetryAfter.Round(time.Second) + time.Second
	return errs.New(errorsv1.Reason_REASON_RATE_LIMITED, "too many attempts for this account; try again in %s", wait).RetryAfter(wait)
}
