package e2e_test

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// traceparent returns the header of a client that starts the n-th trace of a test and has it sampled.
func traceparent(n int) (id, header string) {
	id = fmt.Sprintf("%032x", 0xabcdef00+n)
	return id, "00-" + id + "-00f067aa0ba902b7-01"
}

// followEvents opens a game's event stream. until reads the stream up to an event of a kind.
func (c *client) followEvents(game string) (until func(kind string)) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.base+game+"/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	maps.Copy(req.Header, c.header)
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = resp.Body.Close() })
	scanner := bufio.NewScanner(resp.Body)
	return func(kind string) {
		c.t.Helper()
		for scanner.Scan() {
			if scanner.Text() == "event: "+kind {
				return
			}
		}
		c.t.Fatalf("the stream ended before %s: %v", kind, scanner.Err())
	}
}

// TestTraces follows a bet and a roll from the client through every service, to the statements, the decided block and a watcher.
func TestTraces(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		sink := newTraceCollector(t)
		tg, err := launch(t.TempDir(), "telemetry.otlp_endpoint="+sink.url)
		if err != nil {
			t.Fatal(err)
		}
		checkTraces(t, tg, sink, "sqlite", "TRANSACTION")
	})
	t.Run("fleet", func(t *testing.T) {
		if testing.Short() {
			t.Skip("it builds five binaries")
		}
		sink := newTraceCollector(t)
		tg, err := launchFleet(fleetDir(t), "telemetry.otlp_endpoint="+sink.url)
		if err != nil {
			t.Fatal(err)
		}
		database, statement := "postgresql", "BATCH"
		if *engine != database {
			database, statement = "sqlite", "TRANSACTION"
		}
		checkTraces(t, tg, sink, database, statement)
	})
}

const (
	betRoute, rollRoute = "POST /api/v1/games/{game_id}/bets", "POST /api/v1/games/{game_id}/roll"
	placeBet, rollDice  = "bitcraps.game.v1.GameService/PlaceBet", "bitcraps.game.v1.GameService/RollDice"
	decideRound         = "bitcraps.consensus.v1.ConsensusService/DecideRound"
)

func checkTraces(t *testing.T, tg *target, sink *traceCollector, database, statement string) {
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	until := c.followEvents(game)
	until("bet_placed")
	for _, wager := range []string{"hard_4", "hard_6", "hard_8"} { // The first ones may still be read from the store, which has no traces.
		c.bet(game, wager, 10)
		until("bet_placed")
	}
	betID, betHeader := traceparent(1)
	bet := c.bet(game, "field", 20, "Traceparent", betHeader)
	until("bet_placed")
	rollID, rollHeader := traceparent(2)
	rolled := c.must(200, "POST", game+"/roll", nil, "Traceparent", rollHeader, "Idempotency-Key", "r")
	until("dice_rolled")
	againID, againHeader := traceparent(3)
	c.must(200, "POST", game+"/roll", nil, "Traceparent", againHeader, "Idempotency-Key", "r")
	refusedID, refusedHeader := traceparent(4)
	c.bet(game, "field", 100_000, "Traceparent", refusedHeader)
	if err := tg.stop(); err != nil { // Sends what is still buffered.
		t.Fatal(err)
	}
	if got := bet.header.Get("Traceresponse"); !strings.HasPrefix(got, "00-"+betID+"-") || !strings.HasSuffix(got, "-01") {
		t.Errorf("traceresponse %q", got)
	}
	player := bet.str("bet.player_id")
	check := checker{t, sink.trace(betID)}
	check.path(betRoute, placeBet, "commit", "commit group", statement)
	check.path("commit", "deliver bet_placed")
	check.has(betRoute, "http.request.method", "POST", "http.route", "/api/v1/games/{game_id}/bets", "http.response.status_code", int64(201))
	check.has(placeBet, "rpc.system.name", "grpc", "rpc.method", placeBet, "game.id", id(game), "player.id", player, "bet.amount", int64(20), "bet.type", "field")
	check.has(statement, "db.system.name", database)

	check = checker{t, sink.trace(rollID)}
	check.path(rollRoute, rollDice, "process_game_round", decideRound, "decide round")
	check.path("process_game_round", "commit", "commit group", statement)
	check.path("process_game_round", "deliver dice_rolled")
	check.has("decide round", "game.id", id(game), "consensus.height", rolled.num("decision_height"), "consensus.beacon_height", rolled.num("beacon_height"))
	check.has("process_game_round", "game.id", id(game), "game.round", int64(1))
	round := check.spans.named("process_game_round")[0].attrs
	if n, ok := round["consensus.participants"].(int64); !ok || n < 3 || n > 4 {
		t.Errorf("consensus.participants = %v", round["consensus.participants"])
	}
	if _, ok := round["consensus.duration_ms"].(int64); !ok {
		t.Errorf("consensus.duration_ms = %v", round["consensus.duration_ms"])
	}

	again := sink.trace(againID)
	if len(again) == 0 || len(again.named("process_game_round"))+len(again.named("decide round")) > 0 {
		t.Errorf("a repeated roll: %q", again.names())
	}
	for _, s := range sink.trace(refusedID) {
		if s.GetStatus().GetCode() == 2 && s.GetKind() != 3 { // To a client span, it is an error.
			t.Errorf("a refusal is an error of span %s", s.GetName())
		}
	}
	for _, tr := range sink.traces {
		checkNoPersonalData(t, tr, player)
	}
}

// checkNoPersonalData fails where an attribute identifies the player, other than the player's id on the bet.
func checkNoPersonalData(t *testing.T, tr spanList, player string) {
	for _, s := range tr {
		for key, value := range s.attrs {
			if fmt.Sprint(value) == player && key != "player.id" || strings.HasPrefix(key, "client.") || strings.HasPrefix(key, "user_agent") {
				t.Errorf("%s of span %s is %v", key, s.GetName(), value)
			}
		}
	}
}

// checker checks the spans of a trace.
type checker struct {
	t     *testing.T
	spans spanList
}

// path wants a span of each name, with an ancestor of the previous name.
func (c checker) path(names ...string) {
	c.t.Helper()
	for i, name := range names[1:] {
		found := false
		for _, s := range c.spans.named(name) {
			found = found || c.spans.hasAncestor(s, names[i])
		}
		if !found {
			c.t.Errorf("the trace has no %q below %q: %q", name, names[i], c.spans.names())
		}
	}
}

// has wants each attribute on some span of a name: client and server may have spans of the same name.
func (c checker) has(name string, pairs ...any) {
	c.t.Helper()
	found := c.spans.named(name)
	for i := 0; i < len(pairs); i += 2 {
		ok := false
		for _, s := range found {
			ok = ok || s.attrs[pairs[i].(string)] == pairs[i+1]
		}
		if !ok {
			c.t.Errorf("no %q has %s = %v: %v", name, pairs[i], pairs[i+1], found)
		}
	}
}

// TestGroupCommitIsInEachTrace places bets concurrently. The commit of each has the transaction as a child, or is linked with it in
// both directions.
func TestGroupCommitIsInEachTrace(t *testing.T) {
	const bets = 64
	sink := newTraceCollector(t)
	tg, err := launch(t.TempDir(), "telemetry.otlp_endpoint="+sink.url)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, tg.url())
	game := c.newGame()
	var placing sync.WaitGroup
	for n := range bets {
		placing.Go(func() {
			_, header := traceparent(n)
			c.try("POST", game+"/bets", map[string]any{"bet_type": "field", "amount": 10}, "Traceparent", header)
		})
	}
	placing.Wait()
	if err := tg.stop(); err != nil {
		t.Fatal(err)
	}
	groups := make(map[string]span)
	for _, tr := range sink.traces {
		for _, s := range tr.named("commit group") {
			groups[s.id()] = s
		}
	}
	for n := range bets {
		id, _ := traceparent(n)
		tr := sink.trace(id)
		commits := tr.named("commit")
		if len(commits) != 1 {
			t.Fatalf("trace %d: %q", n, tr.names())
		}
		if len(tr.named("commit group")) == 1 {
			continue
		}
		links := commits[0].links()
		if len(links) != 1 {
			t.Fatalf("trace %d has no transaction and %d links", n, len(links))
		}
		if group, ok := groups[links[0]]; !ok || !strings.Contains(strings.Join(group.links(), " "), commits[0].id()) {
			t.Errorf("trace %d: no link back from its transaction", n)
		}
	}
}

// TestClientsDoNotControlSampling sends a sampled traceparent to a gateway that trusts none and samples nothing, and to one that samples
// everything.
func TestClientsDoNotControlSampling(t *testing.T) {
	id, header := traceparent(1)
	for _, ratio := range []string{"0", "1"} {
		sink := newTraceCollector(t)
		tg, err := launch(t.TempDir(), "telemetry.otlp_endpoint="+sink.url, "telemetry.sample_ratio="+ratio, "gateway.network.trust_traceparent=false")
		if err != nil {
			t.Fatal(err)
		}
		answer := newClient(t, tg.url()).must(200, "GET", "/api/v1/wagers", nil, "Traceparent", header).header.Get("Traceresponse")
		if err := tg.stop(); err != nil {
			t.Fatal(err)
		}
		own := strings.Split(answer, "-")
		if len(own) != 4 || own[1] == id || own[3] != "0"+ratio {
			t.Fatalf("ratio %s: traceresponse %q", ratio, answer)
		}
		spans := sink.trace(own[1]).named("GET /api/v1/wagers")
		if ratio == "0" && (len(spans) > 0 || len(sink.trace(id)) > 0) {
			t.Errorf("an untrusted client had its trace sampled: %q", sink.trace(id).names())
		}
		if ratio == "1" && (len(spans) != 1 || len(spans[0].links()) != 1) {
			t.Errorf("spans with a link to the client's: %v", spans)
		}
	}
}
