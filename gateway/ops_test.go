package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestIsLocal(t *testing.T) {
	for name, tc := range map[string]struct {
		remote, host, header string
		proxies              []string
		want                 bool
	}{
		"local browser":                {"127.0.0.1:5000", "127.0.0.1:8080", "", nil, true},
		"by name":                      {"127.0.0.1:5000", "localhost:8080", "", nil, true},
		"by IPv6":                      {"[::1]:5000", "[::1]:8080", "", nil, true},
		"mapped":                       {"[::ffff:127.0.0.1]:5000", "localhost", "", nil, true},
		"remote client":                {"10.0.0.7:5000", "127.0.0.1:8080", "", nil, false},
		"foreign name of this machine": {"127.0.0.1:5000", "craps.example:8080", "", nil, false},
		"localhost as a suffix":        {"127.0.0.1:5000", "evil-localhost:8080", "", nil, false},
		"no host":                      {"127.0.0.1:5000", "", "", nil, false},
		"forwarded by a proxy":         {"127.0.0.1:5000", "127.0.0.1:8080", "X-Forwarded-For", nil, false},
		"forwarded, by another header": {"127.0.0.1:5000", "127.0.0.1:8080", "Forwarded", nil, false},
		"trusted proxies configured":   {"127.0.0.1:5000", "127.0.0.1:8080", "", []string{"127.0.0.1"}, false},
		"no address":                   {"@", "127.0.0.1:8080", "", nil, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/ops/data", nil)
		r.RemoteAddr, r.Host = tc.remote, tc.host
		if tc.header != "" {
			r.Header.Set(tc.header, "for=10.0.0.7")
		}
		g := &Gateway{cfg: Config{Network: Network{TrustedProxies: tc.proxies}}}
		if got := g.isLocal(r); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
