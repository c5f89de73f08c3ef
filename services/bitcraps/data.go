package bitcraps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// restoreHint is what to do where the ledger is missing. Starting would create an empty one in its place: players without their wallets.
const restoreHint = "restore it from the same backup as the rest, or choose another --data-dir"

// chainHint is what to do where the ledger has no chain that continues it. An older copy of the chain would not do: it would throw dice
// that are already known.
const chainHint = "restore the latest state of both, or create a new chain with `bitcraps chain init`; see \"Restoring data\" in docs/operations.md"

// prepareData creates the chain, and creates and migrates the databases. It fails where a part of the data is missing on which another
// part depends.
func (p *Platform) prepareData(ctx context.Context) error {
	players, ok := p.cfg.API.Database.SQLite()
	ledger, both := p.cfg.Game.Database.SQLite()
	if ok && both && exists(players) && !exists(ledger) {
		return fmt.Errorf("%s, the ledger of the players in %s, is missing; %s", ledger, players, restoreHint)
	}
	if _, _, err := api.Migrate(ctx, p.cfg.API.Database); err != nil {
		return err
	}
	if _, _, err := game.Migrate(ctx, p.cfg.Game.Database); err != nil {
		return err
	}
	initialized, err := ledgerInitialized(ctx, p.cfg.Game)
	if err != nil {
		return err
	}
	return p.prepareChain(initialized)
}

// prepareChain creates the chain where there is none, or only a part that an interrupted start has left. Where the ledger has begun, a
// chain with fewer homes has lost them, and keeps those that it has.
func (p *Platform) prepareChain(ledgerBegun bool) error {
	homes, _, err := consensus.Homes(p.chainDir())
	if err != nil {
		return err
	}
	if ledgerBegun && len(homes) == 0 {
		return fmt.Errorf("%s, the folder of the chain that decided the ledger's rounds, has no home of a validator; %s", p.chainDir(), chainHint)
	}
	if ledgerBegun || slices.Contains(homes, 0) {
		return nil
	}
	return consensus.InitNetwork(p.chainDir(), fleet.NewChainID(), p.opts.Validators, time.Now())
}

func ledgerInitialized(ctx context.Context, cfg game.Config) (initialized bool, err error) {
	auditor, err := game.OpenAuditor(ctx, cfg.Database)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, auditor.Close()) }()
	return auditor.Initialized(ctx)
}

// addPast checks, between the start of the validators and that of the game service, that the chain and the ledger have the same past.
func (p *Platform) addPast(context.Context) error {
	p.group.Add(run.Part{Name: "past of chain and ledger", Start: p.checkPast})
	return nil
}

// checkPast fails if the chain or the ledger was restored from an older copy than the other, or belongs to another one. Tables would wait
// forever for rounds that the chain refuses. A chain that was created after the ledger's latest round replaces a lost one, and takes over
// the tables.
func (p *Platform) checkPast(ctx context.Context) (err error) {
	auditor, err := game.OpenAuditor(ctx, p.cfg.Game.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, auditor.Close()) }()
	latest, ok, err := auditor.LatestDecided(ctx)
	if err != nil || !ok { // A new ledger may begin on any chain.
		return err
	}
	chain := p.mostAdvanced()
	ordered, err := chain.Ordered(latest.Commitment)
	switch {
	case err != nil:
		return err
	case ordered:
		return checkLedgerKeptUp(ctx, auditor, chain, latest.Height)
	case chain.Created().After(latest.SettledAt):
		p.tel.Logger.Warn("the chain was created after the ledger's latest round: it takes over all tables, and earlier rounds have no receipts on it",
			"created", chain.Created(), "game", uuid.UUID(latest.Commitment.Game), "round", latest.Commitment.Round)
		return nil
	case chain.Height() < latest.Height:
		return fmt.Errorf("the chain in %s is older than the ledger, or another one's: it ends at block %d, and %s was decided in block %d; %s",
			p.chainDir(), chain.Height(), describeRound(latest.Commitment), latest.Height, chainHint)
	}
	return fmt.Errorf("the chain in %s is not that of the ledger: it has not decided %s; %s", p.chainDir(), describeRound(latest.Commitment), chainHint)
}

// mostAdvanced is the validator that has the most blocks. The others may still be catching up with it.
func (p *Platform) mostAdvanced() *consensus.Service {
	return slices.MaxFunc(p.validators, func(a, b *validator) int { return cmp.Compare(a.svc.Height(), b.svc.Height()) }).svc
}

// checkLedgerKeptUp fails if the chain has ordered a round, after the ledger's latest, whose bets the ledger has not closed.
func checkLedgerKeptUp(ctx context.Context, ledger *game.Auditor, chain *consensus.Service, height int64) error {
	return chain.OrderedAfter(height, func(c protocol.Commitment) (bool, error) {
		known, err := ledger.HasRound(ctx, uuid.UUID(c.Game), c.Round)
		if err == nil && !known {
			err = fmt.Errorf("the ledger is older than the chain, which has already decided %s; %s", describeRound(c), chainHint)
		}
		return true, err
	})
}

func describeRound(c protocol.Commitment) string {
	return fmt.Sprintf("round %d of game %s", c.Round, uuid.UUID(c.Game))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
