package e2e_test

import (
	"io"
	"net/http"
	"testing"
)

// TestHeadAnswersLikeGet compares HEAD with GET wherever a response ends.
func TestHeadAnswersLikeGet(t *testing.T) { forEachTarget(t, headAnswersLikeGet) }

func headAnswersLikeGet(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	game := c.newGame()
	head := func(path string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, c.base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if body, err := io.ReadAll(resp.Body); err != nil || len(body) > 0 {
			t.Errorf("HEAD %s: a body of %d bytes, %v", path, len(body), err)
		}
		return resp
	}
	for _, path := range []string{game, "/api/v1/wagers", "/api/games", "/api/v1/games/nonsense", "/api/v1/nothing", "/openapi.json"} {
		got, want := head(path), c.do("GET", path, nil)
		if got.StatusCode != want.status || got.Header.Get("Content-Type") != want.header.Get("Content-Type") ||
			got.Header.Get("Content-Length") != want.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %v; GET: %d %v", path, got.StatusCode, got.Header, want.status, want.header)
		}
	}
	for path, allow := range map[string]string{game + "/events": "GET", game + "/join": "POST"} {
		if got := head(path); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != allow {
			t.Errorf("HEAD %s: %d, Allow %q", path, got.StatusCode, got.Header.Get("Allow"))
		}
	}
}
