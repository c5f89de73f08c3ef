package api

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// exportPage is how many movements of a wallet are on a page.
const exportPage = 100

// ExportAccount implements the contract.
func (s *accountServer) ExportAccount(ctx context.Context, req *apiv1.ExportAccountRequest) (*apiv1.ExportAccountResponse, error) {
	caller := identity.FromContext(ctx)
	me, err := s.me(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.ExportAccountResponse{Player: me}
	mine, err := s.byPlayer(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp.Email = mine.Email
	if resp.Devices, err = s.devices(ctx, caller.Player); err != nil {
		return nil, err
	}
	live, err := s.liveSessions(ctx, caller.Player)
	if err != nil {
		return nil, err
	}
	resp.ApiKeys = renderKeys(live)
	for _, one := range live {
		if !isKey(one) {
			resp.Sessions = append(resp.Sessions, renderSession(one, caller.Session))
		}
	}
	limits, err := s.protection.GetLimits(ctx, &gamev1.GetLimitsRequest{})
	if err != nil {
		return nil, err
	}
	resp.Protection = limits.GetProtection()
	if resp.Statistics, err = s.lobby.GetMyStatistics(ctx, &gamev1.GetMyStatisticsRequest{}); err != nil {
		return nil, err
	}
	page, err := s.ledger.ListEntries(ctx, &gamev1.ListEntriesRequest{PageSize: exportPage, PageToken: req.GetPageToken()})
	resp.Entries, resp.NextPageToken = page.GetEntries(), page.GetNextPageToken()
	return resp, err
}

// DeleteAccount implements the contract.
func (s *accountServer) DeleteAccount(ctx context.Context, req *apiv1.DeleteAccountRequest) (*apiv1.DeleteAccountResponse, error) {
	caller := identity.FromContext(ctx)
	if uuid.MustParse(req.GetPlayerId()) != caller.Player { // The contract has its form.
		return nil, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "nobody deletes another player; GET /api/v1/players/me says who you are").
			Field("player_id", "must be the caller's own")
	}
	err := s.store.Write(ctx, func(tx store.Tx) error {
		who, err := s.signedIn(ctx, tx, caller)
		if err != nil {
			return err
		}
		who.Kind, who.Role = apiv1.PlayerKind_PLAYER_KIND_DELETED, optionsv1.Role_ROLE_PLAYER
		return errors.Join(tx.SavePlayer(ctx, who), s.forget(ctx, tx, who.ID), tx.AddDeletion(ctx, who.ID, s.now()))
	})
	if errs.Reason(err) == errorsv1.Reason_REASON_PLAYER_NOT_FOUND { // The caller has a token, so it was deleted by a call before.
		return &apiv1.DeleteAccountResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.tellTables(ctx, caller.Player); err != nil { // The deletion stands, and the keeper tells them.
		s.logger.WarnContext(ctx, "the tables have yet to hear of a deletion", "error", err)
	}
	return &apiv1.DeleteAccountResponse{}, nil
}

// forget removes what is known of a player beside the id. Sessions that ended are kept without their names until nobody could use
// their tokens.
func (s *Service) forget(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	now := s.now()
	live, err := tx.LiveSessions(ctx, id, now)
	if err != nil {
		return err
	}
	devices, err := tx.Devices(ctx, id)
	if err != nil {
		return err
	}
	for _, one := range live {
		one.End(now)
		err = errors.Join(err, tx.SaveSession(ctx, one))
	}
	for _, d := range devices {
		err = errors.Join(err, tx.RemoveDevice(ctx, d.ID))
	}
	// A code for an address that somebody else has is nobody's, and says which address the player asked for.
	return errors.Join(err, tx.ForgetClients(ctx, id), tx.RemoveAccount(ctx, id), tx.RemoveCode(ctx, account.LinkSubject(id)))
}
