// Package identity says who calls: which service, and on behalf of which player. The gateway checks a player's
// credentials once, at the edge, and hands the identity on as gRPC metadata; the services believe it because only
// allow-listed callers, proven by their certificates where TLS is configured, reach a method (docs/adr/0004).
package identity

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"
)

// Metadata keys. The server interceptor in libs/rpcserver reads them, the client interceptor in libs/rpcclient sets them.
const (
	serviceKey = "bitcraps-service"
	playerKey  = "bitcraps-player-id"
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
	caller := FromContext(ctx)
	caller.Player = player
	return NewContext(ctx, caller)
}

// Outgoing returns a context whose gRPC metadata says that the service calls on behalf of the context's player.
func Outgoing(ctx context.Context, service string) context.Context {
	pairs := []string{serviceKey, service}
	if player := FromContext(ctx).Player; player != uuid.Nil {
		pairs = append(pairs, playerKey, player.String())
	}
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// Incoming returns the caller that gRPC metadata claims. ok is false where the player's id is not one.
func Incoming(ctx context.Context) (caller Caller, ok bool) {
	if v := metadata.ValueFromIncomingContext(ctx, serviceKey); len(v) == 1 {
		caller.Service = v[0]
	}
	if v := metadata.ValueFromIncomingContext(ctx, playerKey); len(v) == 1 {
		player, err := uuid.Parse(v[0])
		if err != nil {
			return Caller{}, false
		}
		caller.Player = player
	}
	return caller, true
}
