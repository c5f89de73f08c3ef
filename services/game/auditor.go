package game

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/protocol"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/replay"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// Auditor reads a game service's database, also while the service runs, to replay games and to audit the ledger.
type Auditor struct{ store store.Store }

// auditorConnections is how many database connections an Auditor opens; it runs one query at a time.
const auditorConnections = 2

// OpenAuditor opens a database at the schema of this release.
func OpenAuditor(ctx context.Context, database config.Database) (*Auditor, error) {
	if path, ok := database.SQLite(); ok {
		if _, err := os.Stat(path); err != nil { // Opening it would create a new database.
			return nil, fmt.Errorf("no database of a game service: %w", err)
		}
	}
	database.MaxConnections = auditorConnections
	opened, err := store.Open(ctx, database)
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	return &Auditor{store: opened}, nil
}

// Close closes the database.
func (a *Auditor) Close() error { return a.store.Close() }

// Initialized reports whether the ledger exists: a game service issues its first tokens when it starts on an empty database.
func (a *Auditor) Initialized(ctx context.Context) (bool, error) {
	_, initialized, err := a.store.Balance(ctx, ledger.Issuance)
	return initialized, err
}

// Decided is a settled round, as far as the chain knows of it.
type Decided struct {
	// Commitment is what the chain ordered.
	Commitment protocol.Commitment
	// Height is the block that ordered it.
	Height    int64
	SettledAt time.Time
}

// LatestDecided returns the round that was settled last; ok is false where none is settled yet.
func (a *Auditor) LatestDecided(ctx context.Context) (latest Decided, ok bool, err error) {
	round, err := a.store.LatestSettledRound(ctx)
	if errors.Is(err, play.ErrNotFound) {
		return Decided{}, false, nil
	}
	if err != nil {
		return Decided{}, false, err
	}
	return Decided{Commitment: round.Commitment, Height: round.Decision.Height, SettledAt: round.SettledAt}, true, nil
}

// HasRound reports whether the bets of a round were closed, whether it is settled or not.
func (a *Auditor) HasRound(ctx context.Context, game uuid.UUID, number uint64) (bool, error) {
	_, err := a.store.Round(ctx, game, number)
	if errors.Is(err, play.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Replay plays a stored game again and calls each with every round whose stored record matches. The first mismatch ends the replay
// with a *Difference; an unknown game id ends it with ErrGameNotFound.
func (a *Auditor) Replay(ctx context.Context, id uuid.UUID, each func(*gamev1.Round) error) error {
	err := replay.Game(ctx, a.store, id, func(round *play.Round) error { return each(roundToProto(round)) })
	if errors.Is(err, play.ErrNotFound) {
		return fmt.Errorf("%w: %s", ErrGameNotFound, id)
	}
	return err
}

// ErrGameNotFound means that the database has no game with the id.
var ErrGameNotFound = errors.New("the database has no such game")

// Difference is a stored value that differs from the one recomputed from the rest of the database.
type Difference = replay.Difference

// Audit checks the whole ledger.
func (a *Auditor) Audit(ctx context.Context) (*gamev1.AuditLedgerResponse, error) {
	audit, err := a.store.Audit(ctx)
	if err != nil {
		return nil, err
	}
	return auditToProto(audit), nil
}
