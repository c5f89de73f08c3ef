package play

import (
	"strings"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Mute lets the host mute a player, or unmute the player again.
func (t *Turn) Mute(host, player uuid.UUID, before Member, muted bool) error {
	if err := t.checkHost(host); err != nil {
		return err
	}
	if before.Muted == muted {
		return nil
	}
	if muted && !before.Known && !t.Game.Seated(player) { // Nobody else can post, and standings are kept only for players who were here.
		return errs.New(errorsv1.Reason_REASON_NOT_SEATED, "only a player who is seated or has talked at the table can be muted").
			Field("player_id", "must be that of a player who is or was at the table")
	}
	before.Muted = muted
	t.setKnownMember(player, before)
	t.emit(&Event{Detail: &gamev1.Event_PlayerMuted{PlayerMuted: &gamev1.PlayerMuted{PlayerId: player.String(), Muted: muted}}})
	return nil
}

// Chat posts a player's message. It does not count as play: a table where players only chat expires as an idle one does. The
// player's wallet must be loaded.
func (t *Turn) Chat(player uuid.UUID, standing Member, text string) error {
	if err := t.checkOpen(); err != nil {
		return err
	}
	if err := t.checkNotDeleted(player); err != nil {
		return err
	}
	if !t.Game.Seated(player) {
		return errs.New(errorsv1.Reason_REASON_NOT_SEATED, "join the game before you chat there")
	}
	if standing.Muted {
		return errs.New(errorsv1.Reason_REASON_MUTED, "the host has muted you at this table")
	}
	if text = strings.TrimSpace(text); text == "" {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "text consists of spaces only").Field("text", "must not be blank")
	}
	if !standing.Known { // So that a player who leaves after posting can still be muted.
		t.setKnownMember(player, standing)
	}
	t.emit(&Event{Detail: &gamev1.Event_ChatPosted{ChatPosted: &gamev1.ChatPosted{PlayerId: player.String(), Text: text}}})
	return nil
}
