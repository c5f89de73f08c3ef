package identity_test

import (
	"context"
	"testing"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"
)

func TestCallerTravels(t *testing.T) {
	player := uuid.Must(uuid.NewV7())
	ctx := identity.Outgoing(identity.WithPlayer(t.Context(), player), identity.Gateway)
	md, _ := metadata.FromOutgoingContext(ctx)
	caller, ok := identity.Incoming(metadata.NewIncomingContext(context.Background(), md))
	if want := (identity.Caller{Service: identity.Gateway, Player: player}); !ok || caller != want {
		t.Errorf("arrived as %+v, %v; want %+v", caller, ok, want)
	}
}

func TestMalformedPlayerIsRefused(t *testing.T) {
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("bitcraps-player-id", "somebody"))
	if caller, ok := identity.Incoming(ctx); ok {
		t.Errorf("accepted %+v", caller)
	}
}
