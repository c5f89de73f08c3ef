package codec

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// Protections are the protection states of a transaction, with the JSON texts that were loaded, to determine which ones changed.
type Protections struct {
	states map[uuid.UUID]*protection.State
	loaded map[uuid.UUID]string
}

// NewProtections tracks the states of a map, which the turns of the transaction share and change.
func NewProtections(states map[uuid.UUID]*protection.State) Protections {
	return Protections{states: states, loaded: make(map[uuid.UUID]string)}
}

// Load decodes a player's state, unless it is loaded already: a command may have changed it since.
func (p Protections) Load(player uuid.UUID, text string) (err error) {
	if _, known := p.states[player]; text == "" || known {
		return nil
	}
	p.loaded[player] = text
	p.states[player], err = DecodeProtection(player, text)
	return err
}

// Text returns a player's state as stored, including the changes that Changed returned.
func (p Protections) Text(player uuid.UUID) string { return p.loaded[player] }

// Changed returns the players whose states must be written, and the texts. They count as loaded from then on.
func (p Protections) Changed() (players []uuid.UUID, texts []string, err error) {
	for player, state := range p.states {
		text, err := json.Marshal(state)
		if err != nil {
			return nil, nil, fmt.Errorf("protection of %s: %w", player, err)
		}
		if p.loaded[player] != string(text) {
			players, texts = append(players, player), append(texts, string(text))
			p.loaded[player] = string(text)
		}
	}
	return players, texts, nil
}

// DecodeProtection decodes what a player has set; an empty text is nil.
func DecodeProtection(player uuid.UUID, text string) (*protection.State, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // Nothing is set, which is no error.
	}
	state := &protection.State{}
	if err := json.Unmarshal([]byte(text), state); err != nil {
		return nil, fmt.Errorf("protection of %s: %w", player, err)
	}
	return state, nil
}
