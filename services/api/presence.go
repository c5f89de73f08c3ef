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

// present returns a player who was not deleted. What changes a player's credentials asks for the player first, before any other of the
// player's rows: whoever else does the same waits for its end, and no two wait for each other.
func present(ctx context.Context, tx store.Tx, id uuid.UUID) (player.Player, error) {
	found, err := tx.Player(ctx, id)
	if gone(found, err) {
		err = errs.New(errorsv1.Reason_REASON_PLAYER_NOT_FOUND, "no player has the id %s", id)
	}
	return found, err
}

// lock is present for what needs no player who is there.
func lock(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	if _, err := tx.Player(ctx, id); !errors.Is(err, player.ErrNotFound) {
		return err
	}
	return nil
}

// signedIn is present for a caller who makes something that lasts, or can't be undone.
func (s *Service) signedIn(ctx context.Context, tx store.Tx, caller identity.Caller) (player.Player, error) {
	who, err := present(ctx, tx, caller.Player)
	if err != nil {
		return who, err
	}
	return who, s.live(ctx, tx, caller)
}

// live refuses a caller whose session is over: its access token is good for a while longer, and gateways hear of the end later.
// The command line has no session, nor have tokens of releases without them.
func (s *Service) live(ctx context.Context, tx store.Tx, caller identity.Caller) error {
	if caller.Session == uuid.Nil {
		return nil
	}
	current, err := tx.Session(ctx, caller.Session)
	if err == nil {
		err = current.Live(s.now())
	}
	return refused(err)
}

// bearer returns the player of a session, which is over where the player was deleted. It waits for nobody: whoever ends the session
// waits for the session's row.
func bearer(ctx context.Context, tx store.Tx, of session.Session) (player.Player, error) {
	found, err := tx.PeekPlayer(ctx, of.Player)
	if gone(found, err) {
		err = session.ErrEnded
	}
	return found, err
}

func gone(found player.Player, err error) bool {
	return errors.Is(err, player.ErrNotFound) || err == nil && found.Kind == apiv1.PlayerKind_PLAYER_KIND_DELETED
}
