package play

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Event is one entry of a game's log, as watchers get it and as the store keeps it. The contract is the storage format,
// so the check that guards the one against breaking changes guards the other too.
type Event = gamev1.Event

// emit appends an event to the game's log.
func (t *Turn) emit(event *Event) {
	t.Game.Sequence++
	event.GameId = t.Game.ID.String()
	event.Sequence = int64(t.Game.Sequence)
	event.OccurredAt = timestamppb.New(t.Now)
	t.Events = append(t.Events, event)
}

// IDString is an id as the contract has it: empty for nobody.
func IDString(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// Phase is the contract's name of a hand's state.
func (g *Game) Phase() gamev1.Phase {
	if g.Craps.ComeOut() {
		return gamev1.Phase_PHASE_COME_OUT
	}
	return gamev1.Phase_PHASE_POINT
}

// ChatMessage is where a player said something.
type ChatMessage struct {
	Player   uuid.UUID
	Sequence int64
}

// ChatMessages are the turn's events that somebody said.
func (t *Turn) ChatMessages() (said []ChatMessage) {
	for _, event := range t.Events {
		if chat := event.GetChatPosted(); chat != nil {
			said = append(said, ChatMessage{uuid.MustParse(chat.GetPlayerId()), event.GetSequence()}) // An id that Chat wrote.
		}
	}
	return said
}
