package play

import (
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Event is one entry of a game's log, as watchers receive it and as the store keeps it. The contract is the storage format,
// so the check that guards the contract against breaking changes guards stored events too.
type Event = gamev1.Event

// emit appends an event to the game's log.
func (t *Turn) emit(event *Event) {
	t.Game.Sequence++
	event.GameId = t.Game.ID.String()
	event.Sequence = int64(t.Game.Sequence)
	event.OccurredAt = timestamppb.New(t.Now)
	t.Events = append(t.Events, event)
}

// IDString returns an id in the contract's form: empty for uuid.Nil.
func IDString(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// Phase returns the contract's phase of the current hand.
func (g *Game) Phase() gamev1.Phase {
	if g.Craps.ComeOut() {
		return gamev1.Phase_PHASE_COME_OUT
	}
	return gamev1.Phase_PHASE_POINT
}

// ChatMessage locates a chat event and names its author.
type ChatMessage struct {
	Player   uuid.UUID
	Sequence int64
}

// ChatMessages returns the turn's chat events.
func (t *Turn) ChatMessages() (messages []ChatMessage) {
	for _, event := range t.Events {
		if chat := event.GetChatPosted(); chat != nil {
			messages = append(messages, ChatMessage{uuid.MustParse(chat.GetPlayerId()), event.GetSequence()}) // Can't panic: Chat wrote the id.
		}
	}
	return messages
}
