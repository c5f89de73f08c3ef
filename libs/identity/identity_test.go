package identity_test

import (
	"context"
	"testing"

	"github.com/bitcraps/bitcraps/libs/identity"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/google/uuid"
	"google.golang.org/grpc/metadata"
)

func TestCallerIsTransmitted(t *testing.T) {
	player := uuid.Must(uuid.NewV7())
	for _, want := range []identity.Caller{
		{Service: identity.Gateway},
		{Service: identity.Gateway, Player: player, Role: optionsv1.Role_ROLE_PLAYER},
		{Service: identity.Gateway, Player: player, Session: uuid.Must(uuid.NewV7()), Role: optionsv1.Role_ROLE_AUDITOR,
			Scopes: identity.ScopesOf(optionsv1.Scope_SCOPE_READ, optionsv1.Scope_SCOPE_PLAY)},
	} {
		md, _ := metadata.FromOutgoingContext(identity.Outgoing(identity.OnBehalfOf(t.Context(), want), identity.Gateway))
		if caller, ok := identity.Incoming(metadata.NewIncomingContext(context.Background(), md)); !ok || caller != want {
			t.Errorf("arrived as %+v, %v; want %+v", caller, ok, want)
		}
	}
}

func TestCallersWithoutRoleArePlayers(t *testing.T) {
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("bitcraps-player-id", uuid.NewString()))
	if caller, ok := identity.Incoming(ctx); !ok || caller.Role != optionsv1.Role_ROLE_PLAYER {
		t.Errorf("arrived as %+v, %v", caller, ok)
	}
}

func TestMalformedCallersAreRefused(t *testing.T) {
	for key, value := range map[string]string{
		"bitcraps-player-id": "somebody", "bitcraps-session-id": "1", "bitcraps-role": "operator", "bitcraps-scopes": "-1",
	} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(key, value))
		if caller, ok := identity.Incoming(ctx); ok {
			t.Errorf("%s: accepted %+v", key, caller)
		}
	}
}

// TestRepeatedMetadataIsRefused repeats one metadata key at a time, even with the same value.
func TestRepeatedMetadataIsRefused(t *testing.T) {
	id := uuid.NewString()
	for key, value := range map[string]string{
		"bitcraps-service": identity.Gateway, "bitcraps-player-id": id, "bitcraps-session-id": id, "bitcraps-role": "1", "bitcraps-scopes": "2",
	} {
		if caller, ok := identity.Incoming(metadata.NewIncomingContext(t.Context(), metadata.Pairs(key, value))); !ok {
			t.Errorf("%s once: refused %+v", key, caller)
		}
		if caller, ok := identity.Incoming(metadata.NewIncomingContext(t.Context(), metadata.Pairs(key, value, key, value))); ok {
			t.Errorf("%s twice: accepted %+v", key, caller)
		}
	}
}
