package panels

var fairness = Dashboard{
	UID: "bitcraps-fairness", Title: "BitCraps: money and fairness", Description: "Whether dice, wagers and the ledger are correct.",
	Rows: []Row{
		{"Dice", []Panel{
			chart("Faces", "percentunit", `sum by (face) (increase(bitcraps_dice_total[1h])) / on () group_left () sum(increase(bitcraps_dice_total[1h]))`, "{{face}}").
				describe("Share of each face among the dice of the last hour; fair dice show each face in a sixth of the rolls."),
			{Title: "Chi-square of the latest rolls", Unit: "short", Description: "36 ordered pairs, 35 degrees of freedom. Fair dice exceed the line in one of a thousand windows.",
				Queries: []Query{{`bitcraps_dice_chi_square`, "{{service}} {{replica}} at {{instance}}"}, {`vector(66.62)`, "0.001 quantile"}}},
			chart("Rolls in the window", "short", `bitcraps_dice_window_rolls`, "{{service}} {{replica}} at {{instance}}"),
		}},
		{"Wagers", []Panel{
			{Title: "Return in a day, compared with the exact return", Unit: "percentunit", Description: "Average return per token staked.",
				Queries: []Query{{`bet_type:wager_return:ratio1d`, "{{bet_type}}"},
					{`max by (bet_type) (bitcraps_wager_expected_return_ratio) and on (bet_type) bet_type:wager_return:ratio1d`, "{{bet_type}}, exact"}}},
			chart("Tolerance of the return", "percentunit", `bet_type:wager_return:tolerance1d`, "{{bet_type}}"),
			{Title: "Tokens", Unit: "cps", Queries: []Query{
				{`sum(rate(bitcraps_wager_staked_tokens_total[$__rate_interval]))`, "staked"},
				{`sum(rate(bitcraps_wager_returned_tokens_total[$__rate_interval]))`, "returned"}}},
		}},
		{"Ledger", []Panel{
			value("Sum of all ledger entries", "short", `max(abs(bitcraps_ledger_drift_tokens))`).describe("Must be zero."),
			value("Time since the last check", "s", `time() - max(max_over_time(bitcraps_ledger_checked_timestamp_seconds[1h]))`).describe("Since the ledger was last added up."),
		}},
	},
}
