package api

import (
	"context"
	"errors"
	"fmt"

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

// DeleteAccount implements the contract.
func (s *accountServer) DeleteAccount(ctx context.Context, req *apiv1.DeleteAccountRequest) (*apiv1.DeleteAccountResponse, error) {
	caller := identity.FromContext(ctx)
	if uuid.MustParse(req.GetPlayerId()) != caller.Player { // The contract has its form.
		return nil, errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "you can only delete yourself; GET /api/v1/players/me has your id").
			Field("player_id", "must be the caller's own")
	}
	err := s.store.Write(ctx, func(tx store.Tx) error {
		owner, err := s.signedInPlayer(ctx, tx, caller)
		if err != nil {
			return err
		}
		owner.Kind, owner.Role = apiv1.PlayerKind_PLAYER_KIND_DELETED, optionsv1.Role_ROLE_PLAYER
		return errors.Join(tx.SavePlayer(ctx, owner), s.erase(ctx, tx, owner.ID), tx.AddDeletion(ctx, owner.ID, s.now()))
	})
	if errs.Reason(err) == errorsv1.Reason_REASON_PLAYER_NOT_FOUND { // The caller has a token, so an earlier call deleted the player.
		return &apiv1.DeleteAccountResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.propagateDeletion(ctx, caller.Player); err != nil { // The deletion is committed; maintenance retries.
		s.logger.WarnContext(ctx, "the game service has yet to process a deletion", "error", err)
	}
	return &apiv1.DeleteAccountResponse{}, nil
}

// erase removes everything known of a player but the id. Ended sessions are kept, without their clients' names, until their tokens
// have expired.
func (s *Service) erase(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	now := s.now()
	live, err := tx.LiveSessions(ctx, id, now)
	if err != nil {
		return err
	}
	devices, err := tx.Devices(ctx, id)
	if err != nil {
		return err
	}
	for _, sess := range live {
		sess.End(now)
		err = errors.Join(err, tx.SaveSession(ctx, sess))
	}
	for _, d := range devices {
		err = errors.Join(err, tx.RemoveDevice(ctx, d.ID))
	}
	// A code for an address that is taken belongs to no player, but contains the address that this player asked for.
	return errors.Join(err, tx.ForgetClients(ctx, id), tx.RemoveAccount(ctx, id), tx.RemoveCode(ctx, account.LinkSubject(id)))
}

// propagateDeletion has the game service erase a deleted player. The deletion stays recorded until that succeeds.
func (s *Service) propagateDeletion(ctx context.Context, id uuid.UUID) error {
	if _, err := s.lobby.ForgetPlayer(ctx, &gamev1.ForgetPlayerRequest{PlayerId: id.String()}); err != nil {
		return fmt.Errorf("player %s: %w", id, err)
	}
	return s.store.Write(ctx, func(tx store.Tx) error { return tx.RemoveDeletion(ctx, id) })
}

// propagateDeletions retries the recorded deletions, oldest first: the game service was unavailable, or a round of the player was
// undecided. One that fails does not stop the others.
func (k *maintenance) propagateDeletions(ctx context.Context) error {
	var pending []uuid.UUID
	err := k.store.Read(ctx, func(tx store.Tx) (err error) { pending, err = tx.Deletions(ctx, deleteBatch); return err })
	for _, id := range pending {
		if ctx.Err() != nil {
			break
		}
		err = errors.Join(err, k.propagateDeletion(ctx, id))
	}
	return err
}
