package game

import (
	"context"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// AuditLedger implements the contract.
func (s *ledgerServer) AuditLedger(ctx context.Context, _ *gamev1.AuditLedgerRequest) (*gamev1.AuditLedgerResponse, error) {
	audit, err := s.store.Audit(ctx)
	if err != nil {
		return nil, err
	}
	return auditToProto(audit), nil
}

func auditToProto(audit play.Audit) *gamev1.AuditLedgerResponse {
	out := &gamev1.AuditLedgerResponse{Balanced: audit.Balanced(), Accounts: audit.Accounts(), Transfers: audit.Transfers, Sum: audit.Sum()}
	for _, kind := range ledger.Kinds {
		if total, ok := audit.Kinds[kind]; ok {
			out.Kinds = append(out.Kinds, &gamev1.AccountKind{Kind: string(kind), Accounts: total.Accounts, Balance: total.Balance})
		}
	}
	for _, d := range audit.Differences {
		out.Differences = append(out.Differences, &gamev1.AccountDifference{Account: d.Account.String(), Check: d.Check, Balance: d.Balance, Expected: d.Expected})
	}
	return out
}
