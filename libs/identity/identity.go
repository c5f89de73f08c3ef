// Package identity says who calls: which service, and on behalf of which player. The gateway checks a player's
// credentials once, at the edge, and hands the identity on as gRPC metadata; the services believe it because only
// allow-listed callers, proven by their certificates where TLS is configured, reach a method (docs/adr/0004).
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

// Services that call. They are the names that contracts list under (options.v1.access).callers.
const (
	Gateway   = "gateway"
	API       = "api"
	Game      = "game"
	Consensus = "consensus"
	Operator  = "operator"
)

// Caller is who makes a call.
type Caller struct {
	// Service is the calling service.
	Service string
	// Player is on whose behalf it calls; uuid.Nil for nobody's.
	Player uuid.UUID
	// Session is the player's sign-in or API key; uuid.Nil where it is not known.
	Session uuid.UUID
	// Role is what the player is here for. A caller that says none means a player.
	Role optionsv1.Role
	// Scopes are what an API key may do; no scope is no API key.
	Scopes Scopes
}

type contextKey struct{}

// NewContext returns a context that carries the caller.
func NewContext(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, contextKey{}, caller)
}

// FromContext returns the caller; the zero Caller where none is known.
func FromContext(ctx context.Context) Caller {
	caller, _ := ctx.Value(contextKey{}).(Caller)
	return caller
}

// WithPlayer returns a context in which calls are made on behalf of the player.
func WithPlayer(ctx context.Context, player uuid.UUID) context.Context {
	return OnBehalfOf(ctx, Caller{Player: player, Role: optionsv1.Role_ROLE_PLAYER})
}

// OnBehalfOf returns a context in which calls are made on behalf of whom the caller names; its service stays.
func OnBehalfOf(ctx context.Context, of Caller) context.Context {
	of.Service = FromContext(ctx).Service
	return NewContext(ctx, of)
}

// Outgoing returns a context whose gRPC metadata says that the service calls on behalf of the context's player. What goes
// without saying is not said.
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

// InProcess returns the context in which a call of the service is answered by another one of the same process: what Outgoing and
// Incoming would make of it.
func InProcess(ctx context.Context, service string) context.Context {
	caller := FromContext(ctx)
	if caller.Service = service; caller.Role == 0 && caller.Player != uuid.Nil {
		caller.Role = optionsv1.Role_ROLE_PLAYER
	}
	return NewContext(ctx, caller)
}

// Incoming returns the caller that gRPC metadata claims. ok is false where what it says can't be read.
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

// read reads a value that is there once, or the zero value where it is not there. One that is there twice counts as neither: without
// scopes, a caller may do more.
func read[T any](ctx context.Context, key string, parse func(string) (T, error)) (value T, err error) {
	switch v := metadata.ValueFromIncomingContext(ctx, key); len(v) {
	case 0:
		return value, nil
	case 1:
		return parse(v[0])
	}
	return value, fmt.Errorf("%s is there more than once", key)
}
