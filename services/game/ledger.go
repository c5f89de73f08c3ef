package game

import (
	"context"
	"errors"
	"strconv"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/page"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// ledgerServer implements LedgerService: wallets, their entries, and the audit.
type ledgerServer struct {
	gamev1.UnimplementedLedgerServiceServer
	*Service
}

// GetWallet implements the contract.
func (s *ledgerServer) GetWallet(ctx context.Context, _ *gamev1.GetWalletRequest) (*gamev1.GetWalletResponse, error) {
	player := identity.FromContext(ctx).Player
	balance, err := s.balance(ctx, player)
	if err != nil {
		return nil, err
	}
	inPlay, err := s.store.InPlay(ctx, player)
	return &gamev1.GetWalletResponse{Balance: balance, InPlay: inPlay}, err
}

// ListEntries implements the contract.
func (s *ledgerServer) ListEntries(ctx context.Context, req *gamev1.ListEntriesRequest) (*gamev1.ListEntriesResponse, error) {
	p, err := page.New(req.GetPageSize(), req.GetPageToken(), "entries")
	if err != nil {
		return nil, err
	}
	below, err := p.Number()
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Entries(ctx, identity.FromContext(ctx).Player, below, p.Size+1)
	if errors.Is(err, play.ErrNotFound) {
		return nil, page.InvalidToken()
	}
	if err != nil {
		return nil, err
	}
	resp := &gamev1.ListEntriesResponse{}
	entries, resp.NextPageToken = page.Cut(p, entries, func(e play.Entry) string { return strconv.FormatInt(e.ID, 10) })
	for _, e := range entries {
		resp.Entries = append(resp.Entries, &gamev1.Entry{EntryId: e.ID, Reason: string(e.Reason), Amount: e.Amount, Balance: e.Balance,
			GameId: play.IDString(e.Game), Round: int64(e.Round), BetId: play.IDString(e.Bet), OccurredAt: timeToProto(e.At)})
	}
	return resp, nil
}
