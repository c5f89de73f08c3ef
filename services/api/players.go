package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
)

// playerServer implements the contract of players.
type playerServer struct {
	apiv1.UnimplementedPlayerServiceServer
	*Service
}

// CreateGuest implements the contract.
func (s *playerServer) CreateGuest(ctx context.Context, _ *apiv1.CreateGuestRequest) (*apiv1.CreateGuestResponse, error) {
	if !s.auth.AllowGuest {
		return nil, errs.New(errorsv1.Reason_REASON_GUESTS_NOT_ALLOWED, "guests are not allowed here; sign in with an account")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	now := s.clock.Now().Truncate(time.Microsecond)
	if err := s.store.AddPlayer(ctx, player.Player{ID: id, Kind: apiv1.PlayerKind_PLAYER_KIND_GUEST, CreatedAt: now}); err != nil {
		return nil, err
	}
	expires := now.Add(s.auth.GuestTokenTTL)
	signed, err := s.signer.Sign(id, now, expires)
	if err != nil {
		return nil, err
	}
	return &apiv1.CreateGuestResponse{PlayerId: id.String(), AccessToken: signed, ExpiresAt: timestamppb.New(expires)}, nil
}

// GetMe implements the contract.
func (s *playerServer) GetMe(ctx context.Context, _ *apiv1.GetMeRequest) (*apiv1.GetMeResponse, error) {
	id := identity.FromContext(ctx).Player
	p, err := s.store.Player(ctx, id)
	if errors.Is(err, player.ErrNotFound) {
		return nil, errs.New(errorsv1.Reason_REASON_PLAYER_NOT_FOUND, "no player has the id %s", id)
	}
	if err != nil {
		return nil, err
	}
	wallet, err := s.ledger.GetWallet(ctx, &gamev1.GetWalletRequest{})
	if err != nil {
		return nil, err
	}
	return &apiv1.GetMeResponse{Player: &apiv1.Player{PlayerId: p.ID.String(), Kind: p.Kind, Balance: wallet.GetBalance(),
		InPlay: wallet.GetInPlay(), CreatedAt: timestamppb.New(p.CreatedAt)}}, nil
}

// keyServer implements the contract of public keys.
type keyServer struct {
	apiv1.UnimplementedKeyServiceServer
	*Service
}

// ListKeys implements the contract.
func (s *keyServer) ListKeys(context.Context, *apiv1.ListKeysRequest) (*apiv1.ListKeysResponse, error) {
	resp := &apiv1.ListKeysResponse{}
	for _, key := range s.keys {
		public, _ := key.Private.Public().(ed25519.PublicKey)
		resp.Keys = append(resp.Keys, &apiv1.JsonWebKey{Kty: "OKP", Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public),
			Kid: key.ID, Alg: "EdDSA", Use: "sig"})
	}
	return resp, nil
}
