package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// traceLines returns the complete lines of a log that belong to a trace.
func traceLines(log, trace string) (lines []map[string]any) {
	for text := range strings.Lines(log) {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil && line["trace_id"] == trace {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestLogLinesOfCalls checks the log lines of a bet, of a refused bet, of a batch and of a roll.
func TestLogLinesOfCalls(t *testing.T) {
	var log lockedBuffer
	tg, err := launchLogged(&log, t.TempDir(), verboseLogging...)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	betID, betHeader := traceparent(1)
	bet := c.bet(game, "pass_line", 20, "Traceparent", betHeader)
	refusedID, refusedHeader := traceparent(2)
	refused := c.bet(game, "pass_line", 1_000, "Traceparent", refusedHeader)
	batchID, batchHeader := traceparent(4)
	c.must(200, "POST", game+"/bets:batch", map[string]any{"bets": []map[string]any{{"bet_type": "field", "amount": 30}, {"bet_type": "nonsense", "amount": 40}}},
		"Traceparent", batchHeader)
	rollID, rollHeader := traceparent(3)
	c.must(200, "POST", game+"/roll", nil, "Traceparent", rollHeader)
	if err := tg.stop(); err != nil {
		t.Fatal(err)
	}
	player := bet.str("bet.player_id")
	wantLine(t, traceLines(log.String(), betID), "INFO", "Processing bet placement", "game_id", id(game), "player_id", player, "bet_amount", 20.0,
		"target", "bitcraps/services/game", "service", "game", "request_id", bet.header.Get("X-Request-Id"))
	wantLine(t, traceLines(log.String(), betID), "INFO", "Bet placed successfully", "game_id", id(game), "player_id", player, "bet_amount", 20.0)
	wantLine(t, traceLines(log.String(), refusedID), "WARN", "Bet validation failed", "game_id", id(game), "player_id", player, "bet_amount", 1000.0,
		"error_code", refused.reason(), "error", refused.str("message"))
	wantLine(t, traceLines(log.String(), batchID), "INFO", "Bet placed successfully", "game_id", id(game), "bet_amount", 30.0)
	wantLine(t, traceLines(log.String(), batchID), "WARN", "Bet validation failed", "game_id", id(game), "bet_amount", 40.0, "error_code", "WAGER_UNKNOWN")
	for service, msg := range map[string]string{"gateway": "http", "game": "rpc", "consensus": "rpc"} {
		wantLine(t, traceLines(log.String(), rollID), "DEBUG", msg, "service", service)
	}
}

// wantLine fails unless one of the lines has the level, the message and the further fields.
func wantLine(t *testing.T, lines []map[string]any, level, msg string, pairs ...any) {
	t.Helper()
	pairs = append(pairs, "level", level, "msg", msg)
	for _, line := range lines {
		fits := true
		for i := 0; i < len(pairs); i += 2 {
			fits = fits && line[pairs[i].(string)] == pairs[i+1]
		}
		if fits {
			return
		}
	}
	t.Errorf("no line has %v: %v", pairs, lines)
}
