package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// Player is a guest who plays over REST.
type Player struct {
	url  string
	game string
	http *http.Client
}

// Join creates a guest with its own table.
func (p *Platform) Join(ctx context.Context) (*Player, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	player := &Player{url: p.URL, http: &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{}}}
	return player, player.NewTable(ctx)
}

// NewTable opens another table for the player to play at.
func (p *Player) NewTable(ctx context.Context) error {
	var created struct {
		GameID string `json:"game_id"`
	}
	err := p.Post(ctx, "/api/v1/games", map[string]any{"min_bet": 1}, &created)
	p.game = "/api/v1/games/" + created.GameID
	return err
}

// URL returns the platform's URL.
func (p *Player) URL() string { return p.url }

// Address returns the platform's host and port.
func (p *Player) Address() string { return strings.TrimPrefix(p.url, "http://") }

// Game returns the id of the player's table.
func (p *Player) Game() string { return strings.TrimPrefix(p.game, "/api/v1/games/") }

// Cookie returns the Cookie header of the player's requests.
func (p *Player) Cookie() string {
	base, err := url.Parse(p.url)
	if err != nil {
		return ""
	}
	var pairs []string
	for _, cookie := range p.http.Jar.Cookies(base) {
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}

// Bet places a bet.
func (p *Player) Bet(ctx context.Context, wager string, amount int) error {
	return p.Post(ctx, p.game+"/bets", map[string]any{"bet_type": wager, "amount": amount}, nil)
}

// Roll rolls the dice, and returns whether there is a point after the roll, and the player's balance.
func (p *Player) Roll(ctx context.Context) (onPoint bool, balance int64, err error) {
	var rolled struct {
		Phase   string
		Balance int64
	}
	err = p.Post(ctx, p.game+"/roll", nil, &rolled)
	return rolled.Phase == "PHASE_POINT", rolled.Balance, err
}

// Post sends a body as JSON and decodes the response into out, which may be nil.
func (p *Player) Post(ctx context.Context, path string, body, out any) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, reader)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}
