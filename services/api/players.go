package api

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// playerServer implements the contract of players.
type playerServer struct {
	apiv1.UnimplementedPlayerServiceServer
	*Service
}

// newPlayer makes a player without storing it.
func (s *Service) newPlayer(kind apiv1.PlayerKind) (player.Player, error) {
	id, err := uuid.NewV7()
	return player.Player{ID: id, Kind: kind, Role: optionsv1.Role_ROLE_PLAYER, CreatedAt: s.now()}, err
}

// CreateGuest implements the contract.
func (s *playerServer) CreateGuest(ctx context.Context, req *apiv1.CreateGuestRequest) (*apiv1.CreateGuestResponse, error) {
	if !s.auth.AllowGuest {
		return nil, errs.New(errorsv1.Reason_REASON_GUESTS_NOT_ALLOWED, "guests are not allowed here; sign in with an account")
	}
	guest, err := s.newPlayer(apiv1.PlayerKind_PLAYER_KIND_GUEST)
	if err != nil {
		return nil, err
	}
	sess, refresh, err := s.newSession(guest.ID, apiv1.SignInMethod_SIGN_IN_METHOD_GUEST, req.GetClient())
	if err != nil {
		return nil, err
	}
	err = s.store.Write(ctx, func(tx store.Tx) error {
		return errors.Join(tx.AddPlayer(ctx, guest), tx.AddSession(ctx, sess))
	})
	if err != nil {
		return nil, err
	}
	c, err := s.newCredentials(sess, refresh, guest.Role)
	if err != nil {
		return nil, err
	}
	return &apiv1.CreateGuestResponse{PlayerId: c.PlayerId, AccessToken: c.AccessToken, ExpiresAt: c.ExpiresAt, SessionId: c.SessionId,
		RefreshToken: c.RefreshToken, RefreshExpiresAt: c.RefreshExpiresAt}, nil
}

// GetMe implements the contract.
func (s *playerServer) GetMe(ctx context.Context, _ *apiv1.GetMeRequest) (*apiv1.GetMeResponse, error) {
	me, err := s.me(ctx, identity.FromContext(ctx).Player)
	return &apiv1.GetMeResponse{Player: me}, err
}

// me is the caller's own view of a player, with the balance.
func (s *Service) me(ctx context.Context, id uuid.UUID) (*apiv1.Player, error) {
	var found player.Player
	err := s.store.Read(ctx, func(tx store.Tx) (err error) { found, err = existingPlayer(ctx, tx, id); return err })
	if err != nil {
		return nil, err
	}
	me := &apiv1.Player{PlayerId: found.ID.String(), Kind: found.Kind, Role: found.Role, CreatedAt: timestamppb.New(found.CreatedAt)}
	if found.Role == optionsv1.Role_ROLE_PLAYER {
		wallet, err := s.ledger.GetWallet(ctx, &gamev1.GetWalletRequest{})
		if err != nil {
			return nil, err
		}
		me.Balance, me.InPlay = wallet.GetBalance(), wallet.GetInPlay()
	}
	return me, nil
}
