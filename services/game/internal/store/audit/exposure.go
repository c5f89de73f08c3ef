package audit

import (
	"github.com/bitcraps/bitcraps/libs/craps"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// LiveBets returns a row for each live bet, in the order of the games, and one for each game that has an exposure and no live bet.
const LiveBets = `SELECT 'reserve:' || g.id, g.exposure, COALESCE(b.wager, 0), COALESCE(b.number, 0), COALESCE(b.amount, 0)
	FROM games AS g LEFT JOIN bets AS b ON b.game_id = g.id AND b.status = 1
	WHERE g.exposure <> 0 OR b.game_id IS NOT NULL ORDER BY g.id`

// LiveBet is a row of LiveBets.
type LiveBet struct {
	Reserve  ledger.Account // Of the bet's game.
	Exposure int64          // The game's.
	Wager    int32          // Zero, like the following ones, if the game has no live bet.
	Number   int32
	Amount   int64
}

// ExposureCheck compares each game's exposure with what its live bets can win, which depends on pay tables and so is not computed in SQL.
type ExposureCheck struct {
	game   play.AccountDifference
	failed []play.AccountDifference
}

// Add adds the next row.
func (c *ExposureCheck) Add(bet LiveBet) {
	if bet.Reserve != c.game.Account {
		c.endGame()
		c.game = play.AccountDifference{Account: bet.Reserve, Check: play.Exposure, Balance: bet.Exposure}
	}
	if wager := craps.ByCode(uint16(bet.Wager)); wager != nil {
		c.game.Expected += wager.MaxProfit(uint8(bet.Number), bet.Amount)
	}
}

func (c *ExposureCheck) endGame() {
	if c.game.Balance != c.game.Expected && len(c.failed) < play.MaxDifferences {
		c.failed = append(c.failed, c.game)
	}
}

// Differences returns the games that failed, after all rows have been added.
func (c *ExposureCheck) Differences() []play.AccountDifference {
	c.endGame()
	return c.failed
}
