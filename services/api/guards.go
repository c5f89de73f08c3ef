package api

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// existingPlayer returns a player who was not deleted. In a write transaction it locks the player's row. Every transaction that changes
// a player's credentials does that before it locks any other row of the player, so such transactions run one after the other and
// can't deadlock.
func existingPlayer(ctx context.Context, tx store.Tx, id uuid.UUID) (player.Player, error) {
	found, err := tx.Player(ctx, id)
	if isDeleted(found, err) {
		err = errs.New(errorsv1.Reason_REASON_PLAYER_NOT_FOUND, "no player has the id %s", id)
	}
	return found, err
}

// lockPlayer locks the player's row, like existingPlayer, but accepts a player who is deleted or does not exist.
func lockPlayer(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	if _, err := tx.Player(ctx, id); !errors.Is(err, player.ErrNotFound) {
		return err
	}
	return nil
}

// signedInPlayer is existingPlayer for a caller who creates something that outlives the access token, or does something irreversible:
// the caller's session must be live too.
func (s *Service) signedInPlayer(ctx context.Context, tx store.Tx, caller identity.Caller) (player.Player, error) {
	found, err := existingPlayer(ctx, tx, caller.Player)
	if err != nil {
		return found, err
	}
	return found, s.requireLiveSession(ctx, tx, caller)
}

// requireLiveSession refuses a caller whose session is over, since its access token is valid for a while longer and gateways learn of
// the end with a delay. The command line has no session, nor have tokens of releases before sessions.
func (s *Service) requireLiveSession(ctx context.Context, tx store.Tx, caller identity.Caller) error {
	if caller.Session == uuid.Nil {
		return nil
	}
	current, err := tx.Session(ctx, caller.Session)
	if err == nil {
		err = current.Live(s.now())
	}
	return sessionError(err)
}

// sessionPlayer returns the player of a session, or session.ErrEnded if the player was deleted. It takes no lock on the player:
// a transaction that ends the session waits for the lock on the session's row.
func sessionPlayer(ctx context.Context, tx store.Tx, of session.Session) (player.Player, error) {
	found, err := tx.PeekPlayer(ctx, of.Player)
	if isDeleted(found, err) {
		err = session.ErrEnded
	}
	return found, err
}

func isDeleted(found player.Player, err error) bool {
	return errors.Is(err, player.ErrNotFound) || err == nil && found.Kind == apiv1.PlayerKind_PLAYER_KIND_DELETED
}
