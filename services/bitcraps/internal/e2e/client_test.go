package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// client is a player's HTTP client. Like a browser, it keeps cookies.
type client struct {
	t    testing.TB
	base string
	http *http.Client
	// header has headers that are sent with every request.
	header http.Header
}

func newClient(t testing.TB, base string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, base: base, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}, header: http.Header{}}
}

// response is a response with its parsed JSON.
type response struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

// form is a body that is sent as a form. Other types are sent as JSON.
type form url.Values

// raw is a body that is sent as is, with its content type.
type raw struct{ kind, text string }

// try sends a request, and returns nil if there is no answer.
func (c *client) try(method, path string, body any, headers ...string) *response {
	c.t.Helper()
	sent, kind := encode(c.t, body)
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, bytes.NewReader(sent))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil
	}
	recordAnswer(method, path, resp.StatusCode, text)
	recordSecrets(req, sent, resp, text)
	out := &response{status: resp.StatusCode, header: resp.Header, text: string(text)}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&out.json) // Fails for a body that is not a JSON object, which stays text.
	return out
}

func encode(t testing.TB, body any) (text []byte, kind string) {
	switch body := body.(type) {
	case nil:
		return nil, ""
	case form:
		return []byte(url.Values(body).Encode()), "application/x-www-form-urlencoded"
	case raw:
		return []byte(body.text), body.kind
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return text, "application/json"
}

// do sends a request, and fails the test if there is no answer.
func (c *client) do(method, path string, body any, headers ...string) *response {
	c.t.Helper()
	resp := c.try(method, path, body, headers...)
	if resp == nil {
		c.t.Fatalf("%s %s: no answer", method, path)
	}
	return resp
}

// must sends a request, and fails the test unless the answer has the status.
func (c *client) must(status int, method, path string, body any, headers ...string) *response {
	c.t.Helper()
	resp := c.do(method, path, body, headers...)
	if resp.status != status {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, resp.status, status, resp.text)
	}
	return resp
}

// str and num read fields by dotted paths.
func (r *response) str(path string) string { return fmt.Sprint(r.at(path)) }

func (r *response) num(path string) int64 {
	number, _ := r.at(path).(json.Number)
	n, _ := number.Int64()
	return n
}

func (r *response) at(path string) any {
	var node any = r.json
	for key := range strings.SplitSeq(path, ".") {
		object, _ := node.(map[string]any)
		node = object[key]
	}
	return node
}

func (r *response) list(path string) []map[string]any {
	items, _ := r.at(path).([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i], _ = item.(map[string]any)
	}
	return out
}

// reason is the machine-readable cause of an error.
func (r *response) reason() string {
	for _, detail := range r.list("details") {
		if detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo" {
			return fmt.Sprint(detail["reason"])
		}
	}
	return ""
}

// newGame creates a game for the client and returns its path.
func (c *client) newGame() string {
	c.t.Helper()
	resp := c.must(201, "POST", "/api/v1/games", map[string]any{"max_players": 4, "min_bet": 10, "max_bet": 500})
	return "/api/v1/games/" + resp.str("game_id")
}

func (c *client) bet(game, wager string, amount int64, headers ...string) *response {
	c.t.Helper()
	return c.do("POST", game+"/bets", map[string]any{"bet_type": wager, "amount": amount}, headers...)
}

func (c *client) balance() int64 {
	c.t.Helper()
	return c.must(200, "GET", "/api/v1/players/me", nil).num("balance")
}

// jarFor returns a jar with the client's cookies for another address of the same platform.
func jarFor(t *testing.T, c *client, base string) http.CookieJar {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	from, fromErr := url.Parse(c.base)
	to, toErr := url.Parse(base)
	if err := errors.Join(fromErr, toErr); err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(to, c.http.Jar.Cookies(from))
	return jar
}
