package panels

var consensus = Dashboard{
	UID: "bitcraps-consensus", Title: "BitCraps: consensus", Description: "Blocks, the beacon, and how each validator behaves.",
	Rows: []Row{
		{"Decisions", []Panel{
			quantiles("From a round's commitment to its dice", "s", "bitcraps_consensus_latency_seconds", ""),
			chart("Decided within 5 s", "percentunit", `1 - slo:sli_error:ratio_rate5m{slo="consensus_latency"}`, "in five minutes"),
			chart("Blocks", "cps", `max(deriv(bitcraps_consensus_height[$__rate_interval]))`, "a second"),
		}},
		{"Validators", []Panel{
			chart("Latest block of each", "short", `bitcraps_consensus_height`, "{{replica}} at {{instance}}"),
			chart("Validators that each talks to", "short", `bitcraps_consensus_validators_connected`, "{{replica}} at {{instance}}").
				about("Itself included. More than two thirds are needed."),
			chart("Missing from the latest 100 blocks", "percentunit", `max by (validator) (bitcraps_consensus_absence_ratio)`, "{{validator}}"),
			chart("Missed precommits", "cps", `max by (validator) (rate(bitcraps_consensus_missed_precommits_total[$__rate_interval]))`, "{{validator}}"),
		}},
		{"The beacon", []Panel{
			chart("Shares of the beacon", "cps", `max by (validator) (rate(bitcraps_consensus_beacon_shares_total[$__rate_interval]))`, "{{validator}}"),
			chart("Shares that were refused", "short", `max by (validator) (bitcraps_consensus_invalid_shares_total)`, "{{validator}}"),
			chart("Proposals that were refused", "short", `max by (validator) (bitcraps_consensus_invalid_proposals_total)`, "{{validator}}"),
			chart("Heights at which it signed twice", "short", `max by (validator) (bitcraps_consensus_equivocations_total)`, "{{validator}}"),
		}},
	},
}
