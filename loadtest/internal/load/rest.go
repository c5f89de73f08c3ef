package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// callTimeout bounds a call.
const callTimeout = 30 * time.Second

// REST plays over a gateway's REST API on one connection.
type REST struct {
	client *fasthttp.HostClient
	base   string
	cookie string
	game   string
}

// NewREST returns a REST for a gateway's URL, such as http://127.0.0.1:8080.
func NewREST(gateway string) (*REST, error) {
	u, err := url.Parse(gateway)
	if err != nil {
		return nil, err
	}
	return &REST{base: gateway, client: &fasthttp.HostClient{Addr: u.Host, MaxConns: 1, ReadTimeout: callTimeout, WriteTimeout: callTimeout}}, nil
}

// Guest implements Table: the next call is made without cookies, so the response sets new ones.
func (r *REST) Guest(context.Context) error {
	r.cookie = ""
	return nil
}

// Create implements Table.
func (r *REST) Create(context.Context) error {
	body, err := r.do(fasthttp.MethodPost, "/api/v1/games", `{"min_bet":1}`)
	if err != nil {
		return err
	}
	var created struct {
		GameID string `json:"game_id"`
	}
	err = json.Unmarshal(body, &created)
	r.game = "/api/v1/games/" + created.GameID + "/bets"
	return err
}

// Bet implements Table.
func (r *REST) Bet(_ context.Context, wager string, amount int64) error {
	_, err := r.do(fasthttp.MethodPost, r.game, fmt.Sprintf(`{"bet_type":%q,"amount":%d}`, wager, amount))
	return err
}

// Batch places a bet of the amount on each wager. All bets are durable when it returns. It fails if one is refused.
func (r *REST) Batch(_ context.Context, wagers []string, amount int64) error {
	type bet struct {
		BetType string `json:"bet_type"`
		Amount  int64  `json:"amount"`
	}
	var request struct {
		Bets []bet `json:"bets"`
	}
	for _, wager := range wagers {
		request.Bets = append(request.Bets, bet{wager, amount})
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	answer, err := r.do(fasthttp.MethodPost, r.game+":batch", string(body))
	if err != nil {
		return err
	}
	var placed struct {
		Results []struct{ Error json.RawMessage }
	}
	if err := json.Unmarshal(answer, &placed); err != nil {
		return err
	}
	for i, result := range placed.Results {
		if result.Error != nil {
			return fmt.Errorf("%s: %s", wagers[i], result.Error)
		}
	}
	return nil
}

// Get makes a GET call.
func (r *REST) Get(path string) error {
	_, err := r.do(fasthttp.MethodGet, path, "")
	return err
}

func (r *REST) do(method, path, body string) ([]byte, error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer func() { fasthttp.ReleaseRequest(req); fasthttp.ReleaseResponse(resp) }()
	req.SetRequestURI(r.base + path)
	req.Header.SetMethod(method)
	if body != "" {
		req.Header.SetContentType("application/json")
		req.SetBodyString(body)
	}
	if r.cookie != "" {
		req.Header.Set("Cookie", r.cookie)
	}
	if err := r.client.Do(req, resp); err != nil {
		return nil, err
	}
	if resp.StatusCode() >= fasthttp.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode(), resp.Body())
	}
	if set := resp.Header.PeekAll("Set-Cookie"); len(set) > 0 { // Both cookies of a new or refreshed session.
		pairs := make([]string, len(set))
		for i, cookie := range set {
			pairs[i], _, _ = strings.Cut(string(cookie), ";")
		}
		r.cookie = strings.Join(pairs, "; ")
	}
	return append([]byte(nil), resp.Body()...), nil
}

// Reads makes the same GET call repeatedly.
type Reads struct {
	REST *REST
	Path string
}

// Next implements Caller.
func (Reads) Next(context.Context) error { return nil }

// Call implements Caller.
func (r Reads) Call(context.Context) error { return r.REST.Get(r.Path) }
