// Package identity carries the identity of a caller: which service calls, and on behalf of which player. The gateway checks a
// player's credentials once, at the edge, and passes the identity on as gRPC metadata; the services trust it because only
// allow-listed callers, authenticated by their certificates if TLS is configured, reach a method (docs/adr/0004).
package identity

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"

	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// Metadata keys. The server interceptor in libs/rpcserver reads them, the client interceptor in libs/rpcclient sets them.
const (
	serviceKey = "bitcraps-service"
	playerKey  = "bitcraps-player-id"
	sessionKey = "bitcraps-session-id"
	roleKey    = "bitcraps-role"
	scopesKey  = "bitcraps-scopes"
)

// The calling services, by the names that contracts list under (options.v1.access).callers.
const (
	Gateway   = "gateway"
	API       = "api"
	Game      = "game"
	Consensus = "consensus"
	Operator  = "operator"
)

// Caller is the identity of the caller of a method.
type Caller struct {
	// Service is the calling service.
	Service string
	// Player is the player on whose behalf it calls; uuid.Nil if there is none.
	Player uuid.UUID
	// Session is the player's session or API key; uuid.Nil if it is unknown.
	Session uuid.UUID
	// Role is the player's role. If metadata names a player and no role, it is ROLE_PLAYER.
	Role optionsv1.Role
	// Scopes are the scopes of the API key that the call is made with; empty if it is made without one.
	Scopes Scopes
}

type contextKey struct{}

// NewContext returns a context that carries the caller.
func NewContext(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, contextKey{}, caller)
}

// FromContext returns the context's caller; the zero Caller if it has none.
func FromContext(ctx context.Context) Caller {
	caller, _ := ctx.Value(contextKey{}).(Caller)
	return caller
}

// WithPlayer returns a context in which calls are made on behalf of the player.
func WithPlayer(ctx context.Context, player uuid.UUID) context.Context {
	return OnBehalfOf(ctx, Caller{Player: player, Role: optionsv1.Role_ROLE_PLAYER})
}

// OnBehalfOf returns a context in which calls are made on behalf of another caller's player. The context's service stays.
func OnBehalfOf(ctx context.Context, of Caller) context.Context {
	of.Service = FromContext(ctx).Service
	return NewContext(ctx, of)
}

// Outgoing returns a context whose gRPC metadata says that the service calls on behalf of the context's player. Defaults are omitted.
func Outgoing(ctx context.Context, service string) context.Context {
	pairs := []string{serviceKey, service}
	caller := FromContext(ctx)
	if caller.Player != uuid.Nil {
		pairs = append(pairs, playerKey, caller.Player.String())
	}
	if caller.Session != uuid.Nil {
		pairs = append(pairs, sessionKey, caller.Session.String())
	}
	if caller.Role > optionsv1.Role_ROLE_PLAYER {
		pairs = append(pairs, roleKey, strconv.Itoa(int(caller.Role)))
	}
	if caller.Scopes != 0 {
		pairs = append(pairs, scopesKey, strconv.Itoa(int(caller.Scopes)))
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// InProcess returns the context in which another service of the same process answers a call by the service. Its caller is the one that
// Outgoing and Incoming would transmit.
func InProcess(ctx context.Context, service string) context.Context {
	caller := FromContext(ctx)
	if caller.Service = service; caller.Role == 0 && caller.Player != uuid.Nil {
		caller.Role = optionsv1.Role_ROLE_PLAYER
	}
	return NewContext(ctx, caller)
}

// Incoming returns the caller that gRPC metadata claims. ok is false if the metadata is malformed.
func Incoming(ctx context.Context) (caller Caller, ok bool) {
	var role, scopes int
	errs := make([]error, 5)
	caller.Player, errs[0] = read(ctx, playerKey, uuid.Parse)
	caller.Session, errs[1] = read(ctx, sessionKey, uuid.Parse)
	role, errs[2] = read(ctx, roleKey, strconv.Atoi)
	scopes, errs[3] = read(ctx, scopesKey, strconv.Atoi)
	caller.Service, errs[4] = read(ctx, serviceKey, func(text string) (string, error) { return text, nil })
	if errors.Join(errs...) != nil || scopes < 0 {
		return Caller{}, false
	}
	if caller.Role, caller.Scopes = optionsv1.Role(role), Scopes(scopes); role == 0 && caller.Player != uuid.Nil {
		caller.Role = optionsv1.Role_ROLE_PLAYER
	}
	return caller, true
}

// read parses the value of a key, or returns the zero value if the key is missing. A repeated key is an error rather than ignored:
// a caller without scopes may do more.
func read[T any](ctx context.Context, key string, parse func(string) (T, error)) (value T, err error) {
	switch v := metadata.ValueFromIncomingContext(ctx, key); len(v) {
	case 0:
		return value, nil
	case 1:
		return parse(v[0])
	}
	return value, fmt.Errorf("%s occurs more than once", key)
}
