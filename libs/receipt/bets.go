package receipt

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/libs/protocol"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

const (
	// maxAmount is the largest amount (docs/adr/0007). Larger ones would overflow in the settlement, to a value that a forger can choose.
	maxAmount = 1<<53 - 1
	// maxSeed is the longest seed that a bet's encoding has room for.
	maxSeed = 255
	// maxListed is how many bets are listed one by one. A player has at most 93: 67 wagers once each, and come bets and their odds on
	// every number.
	maxListed = 100
)

// checkBets checks that the receipt's bets are exactly those of the commitment, and that they are possible in the table's state.
func (v *verifier) checkBets() (string, error) {
	for i, text := range v.receipt.GetBets() {
		bet, err := parseBet(text)
		if err != nil {
			return "", fmt.Errorf("bets[%d].%w", i, err)
		}
		v.bets = append(v.bets, bet)
		if bet.Player == v.player {
			v.own = append(v.own, i)
		}
	}
	if err := CheckBets(v.state, v.bets); err != nil {
		return "", err
	}
	if n := v.commitment.BetCount; uint64(n) != uint64(len(v.bets)) {
		return "", fmt.Errorf("%d; the round was bound to %d, as commitment.bet_count says", len(v.bets), n)
	}
	if protocol.BetsRoot(v.bets) != v.commitment.BetsRoot {
		return "", errors.New("are not those of commitment.bets_root")
	}
	if len(v.own) == 0 {
		return "", errors.New("none is one of player_id's")
	}
	return fmt.Sprintf("%d of the %d bets on the table are yours: %s", len(v.own), len(v.bets), v.list(func(i int) string {
		detail := fmt.Sprintf("(%s)", uuid.UUID(v.bets[i].ID))
		if seed := v.bets[i].Seed; len(seed) > 0 {
			detail += fmt.Sprintf(", seed %q", seed)
		}
		return detail
	})), nil
}

// list lists the player's bets, each followed by its detail.
func (v *verifier) list(detail func(i int) string) string {
	var out []string
	for _, i := range v.own {
		if len(out) == maxListed {
			out = append(out, fmt.Sprintf("and %d more", len(v.own)-maxListed))
			break
		}
		bet, on := v.bets[i], ""
		if bet.Number != 0 {
			on = fmt.Sprintf(" on %d", bet.Number)
		}
		out = append(out, fmt.Sprintf("%s%s %d %s", craps.ByCode(bet.Wager).Name, on, bet.Amount, detail(i)))
	}
	return strings.Join(out, ", ")
}

func parseBet(p *receiptv1.SettledBet) (protocol.Bet, error) {
	id, err := parseID("bet_id", p.GetBetId())
	if err != nil {
		return protocol.Bet{}, err
	}
	player, err := parseID("player_id", p.GetPlayerId())
	if err != nil {
		return protocol.Bet{}, err
	}
	wager := craps.ByName(p.GetBetType())
	switch {
	case wager == nil || wager.Name != p.GetBetType():
		return protocol.Bet{}, fmt.Errorf("bet_type: no wager is called %q", p.GetBetType())
	case p.GetNumber() < 0 || p.GetNumber() > 12:
		return protocol.Bet{}, fmt.Errorf("number: %d is out of range", p.GetNumber())
	case p.GetAmount() <= 0:
		return protocol.Bet{}, fmt.Errorf("amount: %d is no stake", p.GetAmount())
	case p.GetAmount() > maxAmount:
		return protocol.Bet{}, fmt.Errorf("amount: %d; at most %d is allowed", p.GetAmount(), maxAmount)
	case len(p.GetClientSeed()) > maxSeed:
		return protocol.Bet{}, fmt.Errorf("client_seed: %d bytes; at most %d are allowed", len(p.GetClientSeed()), maxSeed)
	}
	return protocol.Bet{ID: id, Player: player, Wager: wager.Code, Number: uint8(p.GetNumber()), Working: p.GetWorking(),
		Amount: uint64(p.GetAmount()), Seed: []byte(p.GetClientSeed())}, nil
}
