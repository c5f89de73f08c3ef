package play

import (
	"cmp"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// Member is a player's standing at a table, with a seat or without.
type Member struct {
	// Known is true for a player who was admitted, has posted a message, or was muted.
	Known bool
	// Admitted is true for a player who was admitted to a private game by its join code.
	Admitted bool
	// Muted is true for a player who may not post messages.
	Muted bool
}

// CreatePrivate opens a game that is visible only to players who have its join code.
func CreatePrivate(t *Turn, creator uuid.UUID, limits Limits, code []byte) error {
	if err := Create(t, creator, limits); err != nil {
		return err
	}
	t.Game.Private, t.JoinCodeHash = true, code
	t.Events[0].GetGameCreated().Private = true
	return nil
}

// RenewCode replaces the join code of the host's private game.
func (t *Turn) RenewCode(player uuid.UUID, code []byte) error {
	if err := t.checkHost(player); err != nil {
		return err
	}
	if !t.Game.Private {
		return errs.New(errorsv1.Reason_REASON_JOIN_CODE_UNKNOWN, "the game is open to everybody; it has no code")
	}
	t.JoinCodeHash = code
	return nil
}

// Admit records that a player, whose standing was before, used the join code. The player's wallet must be loaded.
func (t *Turn) Admit(player uuid.UUID, before Member) error {
	if err := cmp.Or(t.checkOpen(), t.checkNotDeleted(player)); err != nil {
		return err
	}
	before.Admitted = true
	t.setKnownMember(player, before)
	return nil
}

func (t *Turn) setKnownMember(player uuid.UUID, standing Member) {
	standing.Known = true
	t.setMember(player, standing)
}

func (t *Turn) setMember(player uuid.UUID, standing Member) {
	if t.Members == nil {
		t.Members = make(map[uuid.UUID]Member)
	}
	t.Members[player] = standing
}

func (t *Turn) checkHost(player uuid.UUID) error {
	if t.Game.Host != player {
		return errs.New(errorsv1.Reason_REASON_NOT_HOST, "only the host of the table may do this")
	}
	return t.checkOpen()
}
