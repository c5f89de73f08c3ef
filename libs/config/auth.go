package config

import (
	"errors"
	"fmt"
	"time"
)

// MaxAccessTokenTTL bounds auth.access_token_ttl, so that a gateway that refuses the tokens of ended sessions knows when it may
// forget them.
const MaxAccessTokenTTL = time.Hour

// Auth is the auth section of the services that authenticate players.
type Auth struct {
	AllowGuest     bool          `koanf:"allow_guest" jsonschema_description:"whether a call without credentials creates a guest player"`
	SecureCookies  bool          `koanf:"secure_cookies" jsonschema_description:"whether cookies are sent over HTTPS only; true if a proxy in front of the gateway terminates HTTPS"`
	TrustedOrigins []string      `koanf:"trusted_origins" jsonschema_description:"other origins, such as https://play.example.com, whose pages may make calls with a player's cookie"`
	GuestTokenTTL  time.Duration `koanf:"guest_token_ttl" jsonschema_description:"how long a guest stays signed in after the last call"`
	SessionTTL     time.Duration `koanf:"session_ttl" jsonschema_description:"how long other players stay signed in after the last refresh"`
	AccessTokenTTL time.Duration `koanf:"access_token_ttl" jsonschema_description:"how long an access token is valid; a longer time takes effect with the next key"`
	Difficulty     int           `koanf:"device_difficulty" jsonschema:"minimum=4,maximum=24" jsonschema_description:"proof of work of a device that signs in: leading zero bits of a SHA-256 hash; each bit doubles the work"`
	KeyTTL         time.Duration `koanf:"key_ttl" jsonschema_description:"how long a key signs access tokens before the next one replaces it"`
}

// DefaultAuth accepts guests. Players stay signed in for 30 days, with access tokens that are valid for ten minutes.
func DefaultAuth() Auth {
	const month = 30 * 24 * time.Hour
	return Auth{AllowGuest: true, GuestTokenTTL: month, SessionTTL: month, AccessTokenTTL: 10 * time.Minute, Difficulty: 16, KeyTTL: month}
}

// Validate requires reasonable lifetimes. That of access tokens has a low upper bound: they stay valid while the api service is
// unavailable.
func (a Auth) Validate() (err error) {
	for key, bounds := range map[string]struct{ value, least, most time.Duration }{
		"guest_token_ttl":  {a.GuestTokenTTL, time.Minute, 10 * 365 * 24 * time.Hour},
		"session_ttl":      {a.SessionTTL, time.Minute, 10 * 365 * 24 * time.Hour},
		"access_token_ttl": {a.AccessTokenTTL, 10 * time.Second, MaxAccessTokenTTL},
		"key_ttl":          {a.KeyTTL, time.Hour, 10 * 365 * 24 * time.Hour},
	} {
		if bounds.value < bounds.least || bounds.value > bounds.most {
			err = errors.Join(err, fmt.Errorf("auth.%s: want %s to %s", key, bounds.least, bounds.most))
		}
	}
	if a.Difficulty < 4 || a.Difficulty > 24 {
		err = errors.Join(err, errors.New("auth.device_difficulty: want 4 to 24"))
	}
	return err
}
