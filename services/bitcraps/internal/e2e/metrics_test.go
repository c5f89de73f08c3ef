package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// TestUnknownRequestsAddNoSeries requests unknown paths, methods and ids, and searches for them in the metrics.
func TestUnknownRequestsAddNoSeries(t *testing.T) { forEachTarget(t, unknownRequestsAddNoSeries) }

func unknownRequestsAddNoSeries(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	asked := []string{"nowhere", "METHOD4", "1000042"}
	for i := range 50 {
		game := uuid.NewString()
		asked = append(asked, game)
		c.do("GET", "/api/v1/games/"+game, nil)
		c.do("GET", fmt.Sprintf("/nowhere/%d", i), nil)
		c.do(fmt.Sprintf("METHOD%d", i), "/api/v1/games", nil)
		c.do("GET", fmt.Sprintf("/api/v1/beacons/%d", 1_000_000+i), nil)
	}
	scraped := newClient(t, tg.metrics(c.base)).must(200, "GET", "/metrics", nil).text
	if series(scraped) == 0 {
		t.Error("there are no metrics")
	}
	for _, text := range asked {
		if strings.Contains(scraped, text) {
			t.Errorf("a metric has %s", text)
		}
	}
}

// series counts the series of our own metrics.
func series(scraped string) (n int) {
	for line := range strings.Lines(scraped) {
		if strings.HasPrefix(line, "bitcraps_") || strings.HasPrefix(line, "http_requests_total") {
			n++
		}
	}
	return n
}

// TestUniqueValuesAddNoSeries calls the platform's handler directly, 100,000 times. Each call has unique values: a game, a wager, a
// request id and a user agent, or a path and a method.
func TestUniqueValuesAddNoSeries(t *testing.T) {
	calls := 100_000
	if testing.Short() {
		calls = 5_000
	}
	tg := ownTarget(t, "security.enable_rate_limiting=false", "telemetry.log_level=error")
	c := newClient(t, tg.url())
	c.balance() // The first call creates a guest; its cookies authenticate the calls below.
	base, err := url.Parse(c.base)
	if err != nil {
		t.Fatal(err)
	}
	handler, cookies := tg.platform.Handler(), c.http.Jar.Cookies(base)
	call := func(method, path, body, unique string, signedIn ...*http.Cookie) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		for _, cookie := range signedIn {
			r.AddCookie(cookie)
		}
		r.Header.Set("Content-Type", "application/json")
		for _, header := range []string{"User-Agent", "X-Request-Id", "Idempotency-Key"} {
			r.Header.Set(header, unique)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		return answer.Code
	}
	visit := func(i int) {
		unique := uuid.NewString()
		bet := call(http.MethodPost, "/api/v1/games/"+unique+"/bets", fmt.Sprintf(`{"bet_type":"wager_%d","amount":1}`, i), unique, cookies...)
		nowhere := call(fmt.Sprintf("METHOD%d", i), fmt.Sprintf("/nowhere/%d", i), "", unique)
		if bet != http.StatusNotFound || nowhere != http.StatusNotFound && nowhere != http.StatusMethodNotAllowed {
			t.Errorf("a bet at an unknown game gets %d, an unknown path %d", bet, nowhere)
		}
	}
	scrape := func() int { return series(c.must(200, "GET", "/metrics", nil).text) }
	visit(0)
	scrape() // Its own request adds series too.
	before := scrape()
	var visitors sync.WaitGroup
	const crowd = 256 // Enough that their bets share transactions.
	for first := range crowd {
		visitors.Go(func() {
			for i := first + 1; i <= calls && !t.Failed(); i += crowd {
				visit(i)
			}
		})
	}
	visitors.Wait()
	if after := scrape(); before == 0 || after > before+backgroundSeries {
		t.Errorf("%d series became %d", before, after)
	}
}

// backgroundSeries bounds the series that the platform's own periodic calls may add meanwhile. A label with a client's value would add
// one for each call.
const backgroundSeries = 200

// TestMetricsCountRequests places bets over REST and compares the metrics with the number of calls.
func TestMetricsCountRequests(t *testing.T) {
	c := newClient(t, ownTarget(t).url())
	value := func(line string) string {
		for text := range strings.Lines(c.must(200, "GET", "/metrics", nil).text) {
			if rest, ok := strings.CutPrefix(text, line+" "); ok {
				return strings.TrimSpace(rest)
			}
		}
		return ""
	}
	const bets = 20
	for range bets {
		if c.bet(c.newGame(), "pass_line", 10).status != http.StatusCreated {
			t.Fatal("a bet was refused")
		}
	}
	c.bet(c.newGame(), "no_such_wager", 10)
	for line, want := range map[string]int{
		`bitcraps_bets_placed_total{bet_type="pass_line",replica="0",service="game"}`:                                                      bets,
		`bitcraps_requests_total{code="201",endpoint="/api/v1/games/{game_id}/bets",method="POST",replica="0",service="gateway"}`:          bets,
		`bitcraps_requests_total{code="200",endpoint="grpc",method="/bitcraps.game.v1.GameService/PlaceBet",replica="0",service="game"}`:   bets,
		`bitcraps_request_duration_seconds_count{method="/bitcraps.game.v1.GameService/PlaceBet",replica="0",service="game",status="200"}`: bets,
		`bitcraps_errors_total{replica="0",service="game",severity="warning",type="WAGER_UNKNOWN"}`:                                        1,
		`bitcraps_errors_total{replica="0",service="gateway",severity="warning",type="WAGER_UNKNOWN"}`:                                     1,
	} {
		if got := value(line); got != fmt.Sprint(want) {
			t.Errorf("%s = %q, want %d", line, got, want)
		}
	}
}
