package bitcraps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/data"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

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
			p.chainDir(), chain.Height(), describeRound(latest.Commitment), latest.Height, data.ChainHint)
	}
	return fmt.Errorf("the chain in %s is not that of the ledger: it has not decided %s; %s", p.chainDir(), describeRound(latest.Commitment), data.ChainHint)
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
			err = fmt.Errorf("the ledger is older than the chain, which has already decided %s; %s", describeRound(c), data.ChainHint)
		}
		return true, err
	})
}

func describeRound(c protocol.Commitment) string {
	return fmt.Sprintf("round %d of game %s", c.Round, uuid.UUID(c.Game))
}
