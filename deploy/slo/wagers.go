package slo

import (
	"fmt"
	"math/big"

	"github.com/bitcraps/bitcraps/libs/craps"
)

const (
	// deviations is the tolerated deviation of a wager from its exact return, in standard deviations.
	deviations = 5
	// tokensPerDecision is the number of tokens staked on one decision of a busy table. All bets on it win or lose together, so the tokens staked
	// divided by it is the number of independent decisions.
	tokensPerDecision = 10_000
)

// wagerRules returns the rules that record what each wager returned in a day, and its tolerance: the variance of a return between 0 and m with
// mean e is at most e(m-e), whatever the wager.
func wagerRules() rules {
	returns := group{Name: "wager returns", Interval: "1m", Rules: []rule{
		{Record: "bet_type:wager_staked_tokens:increase1d", Expr: "sum by (bet_type) (increase(bitcraps_wager_staked_tokens_total[1d]))"},
		{Record: "bet_type:wager_returned_tokens:increase1d", Expr: "sum by (bet_type) (increase(bitcraps_wager_returned_tokens_total[1d]))"},
		{Record: "bet_type:wager_return:ratio1d", Expr: "bet_type:wager_returned_tokens:increase1d / (bet_type:wager_staked_tokens:increase1d > 0)"},
		{Record: "bet_type:wager_return:tolerance1d", Expr: fmt.Sprintf("%d * sqrt(\n"+
			"  max by (bet_type) (bitcraps_wager_expected_return_ratio)\n"+
			"    * on (bet_type) (bet_type:wager_return:max_ratio - on (bet_type) max by (bet_type) (bitcraps_wager_expected_return_ratio))\n"+
			"    * %d / on (bet_type) (bet_type:wager_staked_tokens:increase1d > 0)\n)\n", deviations, tokensPerDecision)},
	}}
	most := group{Name: "wager pays", Interval: "1m"}
	for _, w := range craps.Wagers() {
		most.Rules = append(most.Rules, rule{Record: "bet_type:wager_return:max_ratio", Expr: "vector(" + maxReturn(w) + ")",
			Labels: map[string]string{"bet_type": w.Name}})
	}
	return rules{Groups: []group{most, returns}}
}

// maxReturn returns the largest return of a bet, stake included, as a multiple of the stake.
func maxReturn(w *craps.Wager) string {
	most := new(big.Rat)
	for _, pay := range w.Pays {
		if odds := big.NewRat(pay.To, pay.Per); odds.Cmp(most) > 0 {
			most = odds
		}
	}
	most.Add(most, big.NewRat(1, 1))
	float, _ := most.Float64()
	return number(float)
}
