package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestInvalidHandshakesAreRefused violates RFC 6455's requirements of a handshake.
func TestInvalidHandshakesAreRefused(t *testing.T) {
	_, s := newFakeAPI(t)
	g := newTestGateway(t)
	g.auth.verifier, g.auth.apiKeys, g.auth.revocations = s.verifier, s.apiKeys, s.revocations
	for name, tc := range map[string]struct {
		minor  int
		header http.Header
		status int
		reason string
	}{
		"an old version": {1, http.Header{"Sec-Websocket-Version": {"8"}}, http.StatusUpgradeRequired, "UPGRADE_REQUIRED"},
		"no version":     {1, http.Header{"Sec-Websocket-Version": nil}, http.StatusUpgradeRequired, "UPGRADE_REQUIRED"},
		"HTTP/1.0":       {0, nil, http.StatusUpgradeRequired, "UPGRADE_REQUIRED"},
		"no key":         {1, http.Header{"Sec-Websocket-Key": nil}, http.StatusBadRequest, "INVALID_FIELD"},
		"two keys":       {1, http.Header{"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="}}, http.StatusBadRequest, "INVALID_FIELD"},
		"a short key":    {1, http.Header{"Sec-Websocket-Key": {"dGhl"}}, http.StatusBadRequest, "INVALID_FIELD"},
	} {
		r := requestWithAPIKey()
		r.URL.Path, r.ProtoMinor = SocketPath, tc.minor
		for header, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13",
			"Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-Websocket-Protocol": "bitcraps.v1"} {
			r.Header.Set(header, value)
		}
		maps.Copy(r.Header, tc.header)
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		header, version := w.Header(), ""
		if tc.status == http.StatusUpgradeRequired {
			version = "13"
		}
		if w.Code != tc.status || !strings.Contains(w.Body.String(), `"`+tc.reason+`"`) || header.Get("Content-Type") != "application/json" || header.Get("Sec-WebSocket-Version") != version {
			t.Errorf("%s: %d %v %s", name, w.Code, header, w.Body)
		}
	}
}

// TestUpgradeRequiredPerHTTPVersion requests the WebSocket's path without a handshake. Only HTTP/1 has headers for an upgrade.
func TestUpgradeRequiredPerHTTPVersion(t *testing.T) {
	_, s := newFakeAPI(t)
	g := newTestGateway(t)
	g.auth.verifier, g.auth.apiKeys, g.auth.revocations = s.verifier, s.apiKeys, s.revocations
	for major, upgrade := range map[int]string{1: "websocket", 2: ""} {
		r := requestWithAPIKey()
		r.URL.Path, r.ProtoMajor = SocketPath, major
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		if header := w.Result().Header; w.Code != http.StatusUpgradeRequired || header.Get("Upgrade") != upgrade || header.Get("Connection") == "" != (upgrade == "") {
			t.Errorf("HTTP/%d: %d %v", major, w.Code, header)
		}
	}
}
