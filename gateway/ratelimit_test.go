package gateway

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

func TestClientAddress(t *testing.T) {
	trusted, err := parseProxies([]string{"10.0.0.0/8", "192.0.2.7", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no proxy":                         {"203.0.113.5:1234", nil, "203.0.113.5"},
		"untrusted header":                 {"203.0.113.5:1234", []string{"198.51.100.1"}, "203.0.113.5"},
		"one proxy":                        {"10.1.2.3:1234", []string{"198.51.100.1"}, "198.51.100.1"},
		"proxy without header":             {"10.1.2.3:1234", nil, "10.1.2.3"},
		"forged header before the proxy's": {"10.1.2.3:1234", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		"two proxies":                      {"10.1.2.3:1234", []string{"1.1.1.1, 198.51.100.1, 192.0.2.7"}, "198.51.100.1"},
		"two fields":                       {"10.1.2.3:1234", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		"only proxies":                     {"10.1.2.3:1234", []string{"10.9.9.9, 192.0.2.7"}, "10.9.9.9"},
		"malformed header":                 {"10.1.2.3:1234", []string{"198.51.100.1, me"}, "10.1.2.3"},
		"IPv6":                             {"[2001:db8::1]:1234", []string{"2001:dead::5"}, "2001:dead::/64"},
		"the same subscriber":              {"[2001:dead::ffff:5]:1234", nil, "2001:dead::/64"},
		"IPv4 in IPv6":                     {"[::ffff:10.1.2.3]:1234", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		"not an IP network":                {"@", nil, "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: tc.remote, Header: http.Header{"X-Forwarded-For": tc.forwarded}}
		if got := subscriber(trusted.client(r)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	for _, bad := range []string{"", "10.0.0.0/33", "proxy.example"} {
		cfg := Default()
		if cfg.Network.TrustedProxies = []string{bad}; cfg.Validate() == nil {
			t.Errorf("%q is a trusted proxy", bad)
		}
	}
}

func TestEveryRouteHasRate(t *testing.T) {
	// These count against rateCreate on purpose. A new call must be listed here or in rateKinds.
	created := []string{
		apiv1.SessionService_EndSession_FullMethodName, apiv1.SessionService_EndAllSessions_FullMethodName,
		apiv1.DeviceService_RemoveDevice_FullMethodName,
		apiv1.AccountService_DeleteAccount_FullMethodName, apiv1.AccountService_SetRole_FullMethodName,
		apiv1.ApiKeyService_CreateApiKey_FullMethodName, apiv1.ApiKeyService_EndApiKey_FullMethodName,
		gamev1.GameService_CreateGame_FullMethodName,
		gamev1.ProtectionService_SetLimit_FullMethodName, gamev1.ProtectionService_RemoveLimit_FullMethodName,
		gamev1.ProtectionService_Exclude_FullMethodName,
		gamev1.ProtectionService_SetRealityCheck_FullMethodName, gamev1.ProtectionService_AcknowledgeRealityCheck_FullMethodName,
		gamev1.LobbyService_RenewJoinCode_FullMethodName,
		gamev1.LobbyService_MutePlayer_FullMethodName, gamev1.LobbyService_UnmutePlayer_FullMethodName,
	}
	seen := map[string]int{}
	for _, route := range Routes() {
		seen[rateKind(route)]++
		_, named := rateKinds[route.RPC]
		if route.Method != http.MethodGet && named == slices.Contains(created, route.RPC) {
			t.Errorf("%s %s: declare which rate it counts against", route.Method, route.Path)
		}
		if route.Method == http.MethodGet != (rateKind(route) == rateRead) {
			t.Errorf("%s %s counts against %s", route.Method, route.Path, rateKind(route))
		}
	}
	for _, kind := range []string{rateCreate, rateJoin, rateBet, rateRoll, rateRead} {
		if seen[kind] == 0 {
			t.Errorf("no route counts against %s", kind)
		}
	}
}

func TestRatesAreValidated(t *testing.T) {
	cfg := Default()
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	cfg.Limits.Rates.Bet = Rate{PerMinute: 1, Burst: 1_000_000}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "limits.rates.bet") {
		t.Errorf("a burst that takes years to refill: %v", err)
	}
	// The plan's load test makes 35,000 requests a minute at its peak, all from one address.
	if rates := defaultRates(); rates.Address.PerMinute <= 60_000 || rates.Guest.PerMinute < 15_000 {
		t.Errorf("the plan's load test would exceed %+v", rates)
	}
}

// TestRateLimitHeaders counts calls until they exceed the rate, and checks the headers.
func TestRateLimitHeaders(t *testing.T) {
	cfg, clock := Default(), clockwork.NewFakeClock()
	cfg.Limits.Rates.Bet = Rate{PerMinute: 6, Burst: 2}
	l, err := newRateLimiter(cfg, nil, clock, telemetry.Discard().For("gateway", 0))
	if err != nil {
		t.Fatal(err)
	}
	call := func(want string) {
		t.Helper()
		w := httptest.NewRecorder()
		err := l.count(t.Context(), w, rateBet, "somebody")
		got := w.Header().Get("RateLimit-Policy") + " " + w.Header().Get("RateLimit")
		if err != nil {
			got += " " + errs.Name(errs.Reason(err)) + " " + w.Header().Get("X-RateLimit-Limit") + " " + w.Header().Get("X-RateLimit-Reset")
		}
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if err != nil && errs.Reason(err) != errorsv1.Reason_REASON_RATE_LIMITED {
			t.Error(err)
		}
	}
	call(`"bet";q=6;w=60 "bet";r=1;t=10`)
	call(`"bet";q=6;w=60 "bet";r=0;t=20`)
	clock.Advance(2500 * time.Millisecond)
	call(`"bet";q=6;w=60 "bet";r=0;t=18 RATE_LIMITED 6 18`)
	clock.Advance(7500 * time.Millisecond)
	call(`"bet";q=6;w=60 "bet";r=0;t=20`)
}

// TestMailsAreLimitedByAddress has one address request mails as ever new players.
func TestMailsAreLimitedByAddress(t *testing.T) {
	const queued = 256 // How many mails the api service queues for everybody.
	l, err := newRateLimiter(Default(), nil, clockwork.NewFakeClock(), telemetry.Discard().For("gateway", 0))
	if err != nil {
		t.Fatal(err)
	}
	r, sent := &http.Request{RemoteAddr: "203.0.113.5:1234"}, 0
	for sent < queued {
		ctx := identity.WithPlayer(t.Context(), uuid.New())
		if err := l.countRoute(ctx, httptest.NewRecorder(), r, Route{RPC: apiv1.AccountService_LinkEmail_FullMethodName}); err != nil {
			break
		}
		sent++
	}
	if sent >= queued {
		t.Error("one address fills the queue")
	}
	route := Route{RPC: apiv1.AccountService_SignIn_FullMethodName}
	if err := l.countRoute(t.Context(), httptest.NewRecorder(), r, route); err != nil {
		t.Errorf("signing in afterwards: %v", err)
	}
}
