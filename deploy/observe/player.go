package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"
)

// player is a guest who plays over REST at its own table.
type player struct {
	gateway string
	http    *http.Client
	game    string
}

// refusal is the error of a failed call.
type refusal struct {
	status int
	text   string
}

func (r refusal) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.text) }

// join creates a guest with a table.
func join(ctx context.Context, gateway string) (*player, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &player{gateway: gateway, http: &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{}}}
	var created struct {
		GameID string `json:"game_id"`
	}
	_, err = p.call(ctx, http.MethodPost, "/api/v1/games", `{"min_bet":1}`, &created)
	p.game = "/api/v1/games/" + created.GameID
	return p, err
}

// bet places a bet and returns the id of its trace.
func (p *player) bet(ctx context.Context, wager string) (trace string, err error) {
	return p.call(ctx, http.MethodPost, p.game+"/bets", fmt.Sprintf(`{"bet_type":%q,"amount":1}`, wager), nil)
}

// roll rolls the dice, and reports whether there is a point after the roll. The player must have bet before.
func (p *player) roll(ctx context.Context) (point bool, err error) {
	var rolled struct {
		Phase string `json:"phase"`
	}
	_, err = p.call(ctx, http.MethodPost, p.game+"/roll", "", &rolled)
	return rolled.Phase == "PHASE_POINT", err
}

// call makes a call, and returns the id of its trace from the Traceresponse header.
func (p *player) call(ctx context.Context, method, path, body string, out any) (trace string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, p.gateway+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return "", err
	}
	if parts := strings.Split(resp.Header.Get("Traceresponse"), "-"); len(parts) == 4 {
		trace = parts[1]
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return trace, refusal{resp.StatusCode, string(text)}
	}
	if out == nil {
		return trace, nil
	}
	return trace, json.Unmarshal(text, out)
}
