package panels

var game = Dashboard{
	UID: "bitcraps-game", Title: "BitCraps: game", Description: "Tables, bets and rolls.",
	Rows: []Row{
		{"Tables", []Panel{
			value("Players at tables", "short", `sum(bitcraps_active_players)`),
			value("Watched games", "short", `sum(bitcraps_live_games)`),
			value("Watchers", "short", `sum(bitcraps_live_watchers)`),
		}},
		{"Bets and rolls", []Panel{
			chart("Bets placed", "cps", `sum by (bet_type) (rate(bitcraps_bets_placed_total[$__rate_interval])) > 0`, "{{bet_type}}"),
			chart("Rolls", "cps", `sum by (call) (rate(bitcraps_rolls_total[$__rate_interval]))`, "{{call}}"),
			quantiles("Changes per transaction", "short", "bitcraps_commit_group_size", ""),
		}},
		{"Latency for players", []Panel{
			quantiles("Latency of a bet", "s", "bitcraps_request_duration_seconds", `{method="/bitcraps.game.v1.GameService/PlaceBet"}`),
			quantiles("Latency of a roll", "s", "bitcraps_request_duration_seconds", `{method="/bitcraps.game.v1.GameService/RollDice"}`),
		}},
		{"Games", []Panel{
			chart("Ended games", "cps", `sum by (outcome) (rate(bitcraps_games_completed_total[$__rate_interval])) or vector(0)`, "{{outcome}}"),
			chart("Completed games, of those with a roll", "percentunit",
				`1 - (slo:sli_error:ratio_rate1h{slo="game_completion_rate"} or vector(0))`, "in an hour"),
			chart("Duration of games", "s", `histogram_quantile(0.5, sum by (le) (rate(bitcraps_game_duration_seconds_bucket[1h]))) >= 0 or vector(0)`, "median"),
		}},
	},
}
