package api

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// SetRole implements the contract.
func (s *accountServer) SetRole(ctx context.Context, req *apiv1.SetRoleRequest) (*apiv1.SetRoleResponse, error) {
	id := uuid.MustParse(req.GetPlayerId()) // The contract has its form.
	err := s.setRole(ctx, identity.FromContext(ctx), id, req.GetRole())
	if err == nil {
		telemetry.Audit(s.logger).InfoContext(ctx, "a player's role was changed", "player_id", id, "role", req.GetRole(), "by", identity.FromContext(ctx).Player)
	}
	return &apiv1.SetRoleResponse{}, err
}

// setRole also ends the player's sessions, since their tokens contain the old role.
func (s *Service) setRole(ctx context.Context, by identity.Caller, id uuid.UUID, role optionsv1.Role) error {
	return s.store.Write(ctx, func(tx store.Tx) error {
		target, err := existingPlayer(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.requireLiveSession(ctx, tx, by); err != nil {
			return err
		}
		if err := ensureCanSignIn(ctx, tx, id); err != nil {
			return err
		}
		target.Role = role
		_, err = s.endSessionsWhere(ctx, tx, id, func(session.Session) bool { return true })
		return errors.Join(err, tx.SavePlayer(ctx, target))
	})
}

// ensureCanSignIn fails for a player without a device or an account: a guest, who can't begin another session.
func ensureCanSignIn(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	devices, err := tx.Devices(ctx, id)
	if err != nil || len(devices) > 0 {
		return err
	}
	_, err = tx.Account(ctx, id)
	if errors.Is(err, account.ErrNotFound) {
		err = errs.New(errorsv1.Reason_REASON_NO_WAY_TO_SIGN_IN, "player %s could not sign in again; link an address or a device first", id)
	}
	return err
}

// SetRole changes a player's role in the service's database, even while the service runs. It creates the first operator; from then on
// operators can call the RPC.
func SetRole(ctx context.Context, database config.Database, id uuid.UUID, role optionsv1.Role) error {
	if path, ok := database.SQLite(); ok {
		if _, err := os.Stat(path); err != nil { // Opening would create a new one.
			return fmt.Errorf("not the database of an api service: %w", err)
		}
	}
	opened, err := store.Open(ctx, database)
	if err != nil {
		return fmt.Errorf("database.url: %w", err)
	}
	s := &Service{store: opened, clock: clockwork.NewRealClock()}
	return errors.Join(s.setRole(ctx, identity.Caller{}, id, role), opened.Close())
}
