// Package data prepares the data of a platform before its services start, in one process or in a fleet.
package data

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// ChainHint is what to do where the ledger has no chain that continues it. An older copy of the chain would not do: it would throw dice
// that are already known.
const ChainHint = "restore the latest state of both, or create a new chain with `bitcraps chain init`; see \"Restoring data\" in docs/operations.md"

// Parts are where the parts of a platform's data are.
type Parts struct {
	// Players is the database of api, and Ledger that of game.
	Players, Ledger config.Database
	// APIRuns and GameRuns tell that a service runs. Its database has this release's schema already, or it must be stopped first.
	APIRuns, GameRuns bool
	// Chain is the folder of the validators' homes.
	Chain string
	// DirFlag is the flag that chooses another folder for all parts.
	DirFlag string
}

// Prepare creates and migrates the databases. It fails where a part of the data is missing on which another part depends: starting
// would create an empty one in its place, such as players without their wallets, or rounds of a chain that no longer exists. It creates
// no chain, and reports whether the ledger has begun: then a chain with fewer homes has lost them, and must keep those that it has.
func (p Parts) Prepare(ctx context.Context) (ledgerBegun bool, err error) {
	players, ok := p.Players.SQLite()
	ledger, both := p.Ledger.SQLite()
	if ok && both && exists(players) && !exists(ledger) {
		return false, p.missing("%s, the ledger of the players in %s, is missing", ledger, players)
	}
	if !p.GameRuns { // The ledger first: an interrupted start leaves no players without one.
		if _, _, err := game.Migrate(ctx, p.Ledger); err != nil {
			return false, fmt.Errorf("migrate game: %w", err)
		}
	}
	begun, err := p.ledgerBegun(ctx)
	if err != nil {
		return false, err
	}
	if begun && ok && !exists(players) {
		return false, p.missing("%s, the players of the ledger, is missing", players)
	}
	homes, _, err := consensus.Homes(p.Chain)
	if err != nil {
		return false, err
	}
	if begun && len(homes) == 0 {
		return false, fmt.Errorf("%s, the folder of the chain that decided the ledger's rounds, has no home of a validator; %s", p.Chain, ChainHint)
	}
	if !p.APIRuns {
		if _, _, err := api.Migrate(ctx, p.Players); err != nil {
			return false, fmt.Errorf("migrate api: %w", err)
		}
	}
	return begun, nil
}

// missing tells what is missing, and what to do.
func (p Parts) missing(format string, args ...any) error {
	return fmt.Errorf(format+"; restore it from the same backup as the rest, or choose another %s", append(args, p.DirFlag)...)
}

// ledgerBegun reports whether a game service has ever started on the ledger.
func (p Parts) ledgerBegun(ctx context.Context) (begun bool, err error) {
	if p.GameRuns {
		return true, nil
	}
	auditor, err := game.OpenAuditor(ctx, p.Ledger)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, auditor.Close()) }()
	return auditor.Initialized(ctx)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
