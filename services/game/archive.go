package game

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/config"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
	"github.com/bitcraps/bitcraps/services/game/internal/replay"
	"github.com/bitcraps/bitcraps/services/game/internal/store"
)

// Archive reads a game service's database, also while the service runs.
type Archive struct{ store store.Store }

// archiveConnections is how many an archive opens; it answers one question at a time.
const archiveConnections = 2

// OpenArchive opens a database at the schema of this release.
func OpenArchive(ctx context.Context, database config.Database) (*Archive, error) {
	if path, ok := database.SQLite(); ok {
		if _, err := os.Stat(path); err != nil { // Opening would make a new one.
			return nil, fmt.Errorf("no database of a game service: %w", err)
		}
	}
	database.MaxConnections = archiveConnections
	opened, err := store.Open(ctx, database)
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	return &Archive{store: opened}, nil
}

// Close closes the database.
func (a *Archive) Close() error { return a.store.Close() }

// Begun reports whether the books are: the first token was issued as a game service started here.
func (a *Archive) Begun(ctx context.Context) (bool, error) {
	_, begun, err := a.store.Balance(ctx, ledger.Issuance)
	return begun, err
}

// Replay plays a game again from what is stored and calls each with every round that is as it must be. The first place
// where it is not ends the replay with a *Difference; an id that no game has with ErrNoGame.
func (a *Archive) Replay(ctx context.Context, id uuid.UUID, each func(*gamev1.Round) error) error {
	err := replay.Game(ctx, a.store, id, func(round *play.Round) error { return each(roundToProto(round)) })
	if errors.Is(err, play.ErrNotFound) {
		return fmt.Errorf("%w: %s", ErrNoGame, id)
	}
	return err
}

// ErrNoGame means that no game has the id.
var ErrNoGame = errors.New("the database has no such game")

// Difference is where what is stored is not what follows from the rest.
type Difference = replay.Difference

// Audit adds up the whole ledger.
func (a *Archive) Audit(ctx context.Context) (*gamev1.AuditLedgerResponse, error) {
	audit, err := a.store.Audit(ctx)
	if err != nil {
		return nil, err
	}
	return auditToProto(audit), nil
}
