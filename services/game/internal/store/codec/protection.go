package codec

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// Protections are those of a transaction, with the texts that were loaded, to tell which ones changed.
type Protections struct {
	states map[uuid.UUID]*protection.State
	loaded map[uuid.UUID]string
}

// NewProtections keeps states in a map that others change.
func NewProtections(states map[uuid.UUID]*protection.State) Protections {
	return Protections{states: states, loaded: make(map[uuid.UUID]string)}
}

// Load reads a player's, unless it is loaded already: a command may have changed it since.
func (p Protections) Load(player uuid.UUID, text string) (err error) {
	if _, known := p.states[player]; text == "" || known {
		return nil
	}
	p.loaded[player] = text
	p.states[player], err = DecodeProtection(player, text)
	return err
}

// Text is a player's as it is stored, once what changed was written.
func (p Protections) Text(player uuid.UUID) string { return p.loaded[player] }

// Changed returns the players whose protections are to be written, and the texts. They count as loaded from then on.
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

// DecodeProtection reads what a player has set; nil where it is nothing.
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
