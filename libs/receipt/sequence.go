package receipt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Sequence verifies receipts of one player and game. Each is verified by itself as it is added; then Check compares them with one
// another.
type Sequence struct {
	// Game is the id of the game in which the player bet; empty where it is not known.
	Game     string
	verified []*verifier
	broken   int
}

// Add verifies a receipt as Verify does, and keeps it for Check.
func (r *Sequence) Add(text []byte, trust *Trust) Report {
	report, v := verify(text, trust, r.Game)
	if report.Err() != nil {
		r.broken++
	} else {
		r.verified = append(r.verified, v)
	}
	return report
}

// Check checks that there is one receipt for each round, and that each round follows from the one before and its dice. It reports missing
// rounds, after which that can't be checked: their dice are not known.
func (r *Sequence) Check() Step {
	found, err := r.check()
	return Step{Name: "sequence", Found: found, Err: err}
}

func (r *Sequence) check() (string, error) {
	if r.broken > 0 {
		return "", fmt.Errorf("not checked: %d of the %d receipts do not hold", r.broken, r.broken+len(r.verified))
	}
	if len(r.verified) == 0 {
		return "", errors.New("not checked: there are no receipts")
	}
	rounds := slices.SortedFunc(slices.Values(r.verified), func(a, b *verifier) int { return cmp.Compare(a.state.Round, b.state.Round) })
	var missing gaps
	missing.between(0, rounds[0].state.Round)
	for i, later := range rounds[1:] {
		earlier := rounds[i]
		if err := later.follows(earlier); err != nil {
			return "", err
		}
		missing.between(earlier.state.Round, later.state.Round)
	}
	last := rounds[len(rounds)-1].state.Round
	if len(rounds) == 1 {
		return fmt.Sprintf("only round %d%s", last, &missing), nil
	}
	return fmt.Sprintf("%d rounds, up to round %d; each follows from the one before and its dice%s", len(rounds), last, &missing), nil
}

// follows checks a round against the one that precedes it among the receipts. If no round is missing between them, it must follow.
func (v *verifier) follows(earlier *verifier) error {
	round := v.state.Round
	switch {
	case v.receipt.GetChainId() != earlier.receipt.GetChainId():
		return fmt.Errorf("round %d: chain_id: is not that of round %d", round, earlier.state.Round)
	case v.game != earlier.game:
		return fmt.Errorf("round %d: game_id: is not that of round %d; give the receipts of one game", round, earlier.state.Round)
	case v.player != earlier.player:
		return fmt.Errorf("round %d: player_id: is not that of round %d; give the receipts of one player", round, earlier.state.Round)
	case round == earlier.state.Round && v.commitment != earlier.commitment:
		return fmt.Errorf("round %d: commitment: the chain ordered two, where it accepts one", round)
	case round == earlier.state.Round:
		return fmt.Errorf("round %d: there are two receipts of it; give one", round)
	case round > earlier.state.Round+1:
		return nil
	}
	if err := CheckNext(earlier.state, earlier.bets, earlier.roll.Dice, v.state, v.bets); err != nil {
		return fmt.Errorf("round %d: %w", round, err)
	}
	return nil
}

// maxGaps is how many gaps are listed.
const maxGaps = 10

// gaps describes the missing rounds.
type gaps struct {
	texts []string
	verb  string // The verb for the last gap: "is" for one round, "are" for several.
}

// between records the rounds that are missing between two rounds.
func (g *gaps) between(earlier, later uint64) {
	switch later - earlier {
	case 0, 1:
	case 2:
		g.texts, g.verb = append(g.texts, fmt.Sprintf("round %d", earlier+1)), "is"
	default:
		g.texts, g.verb = append(g.texts, fmt.Sprintf("rounds %d to %d", earlier+1, later-1)), "are"
	}
}

// String is empty if nothing is missing.
func (g *gaps) String() string {
	named, verb := g.texts[:min(len(g.texts), maxGaps)], g.verb
	if len(g.texts) == 0 {
		return ""
	}
	if more := len(g.texts) - len(named); more > 0 {
		named = append(slices.Clone(named), fmt.Sprintf("%d more gaps", more))
	}
	if len(named) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("; %s %s not among them: what happened there is not checked", strings.Join(named, ", "), verb)
}
