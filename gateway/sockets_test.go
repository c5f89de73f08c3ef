package gateway

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestNoHandshakeIsAnsweredInItsProtocol asks for the WebSocket as for any path. Only HTTP/1 has headers to upgrade by.
func TestNoHandshakeIsAnsweredInItsProtocol(t *testing.T) {
	_, s := newExchange(t)
	g := quietGateway(t)
	g.signIn.verifier, g.signIn.keys, g.signIn.revocations = s.verifier, s.keys, s.revocations
	for major, upgrade := range map[int]string{1: "websocket", 2: ""} {
		r := byKey()
		r.URL.Path, r.ProtoMajor = SocketPath, major
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		if header := w.Result().Header; w.Code != http.StatusUpgradeRequired || header.Get("Upgrade") != upgrade || header.Get("Connection") == "" != (upgrade == "") {
			t.Errorf("HTTP/%d: %d %v", major, w.Code, header)
		}
	}
}
