package lab

import (
	"github.com/bitcraps/bitcraps/libs/errs"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// entry is one line of output. Event is its type; fields that do not apply to it are left out.
type entry struct {
	Line       int     `json:"line"`
	Event      string  `json:"event"`
	Player     string  `json:"player,omitempty"`
	Command    string  `json:"command,omitempty"`
	Reason     string  `json:"reason,omitempty"`
	Message    string  `json:"message,omitempty"`
	Dice       []int32 `json:"dice,omitempty"`
	Total      int32   `json:"total,omitempty"`
	Call       string  `json:"call,omitempty"`
	Point      *int32  `json:"point,omitempty"`
	BetType    string  `json:"bet_type,omitempty"`
	Number     int32   `json:"number,omitempty"`
	Amount     int64   `json:"amount,omitempty"`
	Commission int64   `json:"commission,omitempty"`
	Working    *bool   `json:"working,omitempty"`
	Result     string  `json:"result,omitempty"`
	Payout     *int64  `json:"payout,omitempty"`
	Balance    *int64  `json:"balance,omitempty"`
}

func (r *runner) encode(e entry) error {
	e.Line = r.line
	return r.out.Encode(e)
}

// writeRefusal writes a command that the table refused, and why.
func (r *runner) writeRefusal(player, command string, err error) error {
	r.refused++
	balance := r.table.wallets[r.id(player)]
	return r.encode(entry{Event: "refused", Player: player, Command: command, Reason: errs.Name(errs.Reason(err)), Message: err.Error(), Balance: &balance})
}

// writeEvents writes what a command did, and after a roll every player's balance.
func (r *runner) writeEvents(turn *play.Turn) error {
	for _, event := range turn.Events {
		for _, e := range r.entries(event, turn) {
			if err := r.encode(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *runner) entries(event *play.Event, turn *play.Turn) []entry {
	switch detail := event.GetDetail().(type) {
	case *gamev1.Event_PlayerJoined:
		return []entry{r.withPlayer(detail.PlayerJoined.GetPlayerId(), entry{Event: "joined"})}
	case *gamev1.Event_BetPlaced:
		d := detail.BetPlaced
		return []entry{r.withPlayer(d.GetPlayerId(), entry{Event: "placed", BetType: d.GetBetType(), Number: d.GetNumber(), Amount: d.GetAmount(),
			Commission: d.GetCommission(), Working: &d.Working})}
	case *gamev1.Event_BetChanged:
		d := detail.BetChanged
		return []entry{r.withPlayer(d.GetPlayerId(), entry{Event: "changed", BetType: betType(turn, d.GetBetId()), Amount: d.GetAmount(),
			Commission: d.GetCommission(), Working: &d.Working})}
	case *gamev1.Event_BetRemoved:
		d := detail.BetRemoved
		return []entry{r.withPlayer(d.GetPlayerId(), entry{Event: "removed", BetType: betType(turn, d.GetBetId()), Payout: &d.Amount})}
	case *gamev1.Event_ShooterChanged:
		return []entry{{Event: "shooter", Player: r.name(detail.ShooterChanged.GetPlayerId())}}
	case *gamev1.Event_PlayerLeft:
		return []entry{r.withPlayer(detail.PlayerLeft.GetPlayerId(), entry{Event: "left"})}
	case *gamev1.Event_DiceRolled:
		return r.rollEntries(detail.DiceRolled)
	}
	return nil
}

// rollEntries returns the dice, each bet that they decided or moved, and every player's balance.
func (r *runner) rollEntries(d *gamev1.DiceRolled) []entry {
	entries := []entry{{Event: "roll", Dice: d.GetDice(), Total: d.GetTotal(), Call: d.GetCall(), Point: &d.Point}}
	for _, settlement := range d.GetSettlements() {
		e := entry{Event: "settlement", Player: r.name(settlement.GetPlayerId()), BetType: settlement.GetBetType(),
			Number: settlement.GetNumber(), Amount: settlement.GetAmount(), Result: resultNames[settlement.GetResult()]}
		if settlement.GetResult() != play.Live {
			e.Payout = &settlement.Payout
		}
		entries = append(entries, e)
	}
	for _, name := range r.names {
		entries = append(entries, r.withPlayer(r.id(name).String(), entry{Event: "balance"}))
	}
	return entries
}

// resultNames are the names of a bet's results. A bet in a settlement that is still live has travelled to a number.
var resultNames = map[gamev1.BetStatus]string{play.Won: "won", play.Lost: "lost", play.Pushed: "pushed", play.Live: "travelled"}

// withPlayer adds the player's name and current balance.
func (r *runner) withPlayer(id string, e entry) entry {
	e.Player = r.name(id)
	balance := r.table.wallets[r.id(e.Player)]
	e.Balance = &balance
	return e
}

func betType(turn *play.Turn, id string) string {
	for _, bet := range turn.Bets {
		if bet.ID.String() == id {
			return bet.Wager.Name
		}
	}
	return ""
}
