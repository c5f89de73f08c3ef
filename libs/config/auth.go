package config

import (
	"errors"
	"time"
)

// Auth is the auth section of the services that know players.
type Auth struct {
	AllowGuest    bool          `koanf:"allow_guest" jsonschema_description:"whether a call without credentials makes a guest player"`
	SecureCookies bool          `koanf:"secure_cookies" jsonschema_description:"whether cookies travel by HTTPS alone; true where a proxy before the gateway speaks HTTPS"`
	GuestTokenTTL time.Duration `koanf:"guest_token_ttl" jsonschema_description:"how long a guest stays signed in"`
}

// DefaultAuth takes guests for 30 days.
func DefaultAuth() Auth { return Auth{AllowGuest: true, GuestTokenTTL: 30 * 24 * time.Hour} }

// Validate wants tokens to live a while.
func (a Auth) Validate() error {
	if a.GuestTokenTTL < time.Minute {
		return errors.New("auth.guest_token_ttl: want at least 1m")
	}
	return nil
}
