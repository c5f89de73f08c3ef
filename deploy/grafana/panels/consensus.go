package panels

var consensus = Dashboard{
	UID: "bitcraps-consensus", Title: "BitCraps: consensus", Description: "Blocks, the beacon, and each validator's behavior.",
	Rows: []Row{
		{"Decisions", []Panel{
			quantiles("From a round's commitment to its dice", "s", "bitcraps_consensus_latency_seconds", ""),
			chart("Decided within 5 s", "percentunit", `1 - slo:sli_error:ratio_rate5m{slo="consensus_latency"}`, "in five minutes"),
			chart("Blocks", "cps", `max(deriv(bitcraps_consensus_height[$__rate_interval]))`, "a second"),
		}},
		{"Validators", []Panel{
			chart("Block height of each validator", "short", `bitcraps_consensus_height`, "{{replica}} at {{instance}}"),
			chart("Connected validators of each validator", "short", `bitcraps_consensus_validators_connected`, "{{replica}} at {{instance}}").
				describe("Including itself. More than two thirds are needed."),
			chart("Absence from the latest 100 blocks", "percentunit", `max by (validator) (bitcraps_consensus_absence_ratio)`, "{{validator}}").
				describe("The greatest of what the validators report. One that is behind reports the absences of its own latest blocks."),
			chart("Missed precommits", "cps", `max by (validator) (rate(bitcraps_consensus_missed_precommits_total[$__rate_interval]))`, "{{validator}}"),
		}},
		{"The beacon", []Panel{
			chart("Beacon shares", "cps", `max by (validator) (rate(bitcraps_consensus_beacon_shares_total[$__rate_interval]))`, "{{validator}}"),
			chart("Refused shares", "short", `max by (validator) (bitcraps_consensus_invalid_shares_total)`, "{{validator}}"),
			chart("Refused proposals", "short", `max by (validator) (bitcraps_consensus_invalid_proposals_total)`, "{{validator}}"),
			chart("Heights with equivocation", "short", `max by (validator) (bitcraps_consensus_equivocations_total)`, "{{validator}}"),
		}},
	},
}
