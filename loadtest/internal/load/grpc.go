package load

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/identity"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// GRPC plays directly at the game service in the gateway's role: it declares who the player is.
type GRPC struct {
	client gamev1.GameServiceClient
	player uuid.UUID
	game   string
}

// NewGRPC returns a GRPC on a connection made with the gateway's certificate.
func NewGRPC(conn grpc.ClientConnInterface) *GRPC {
	return &GRPC{client: gamev1.NewGameServiceClient(conn)}
}

// Guest implements Table.
func (g *GRPC) Guest(context.Context) (err error) {
	g.player, err = uuid.NewV7()
	return err
}

// Create implements Table.
func (g *GRPC) Create(ctx context.Context) error {
	created, err := g.client.CreateGame(identity.WithPlayer(ctx, g.player), &gamev1.CreateGameRequest{MinBet: 1})
	g.game = created.GetGame().GetGameId()
	return err
}

// Bet implements Table.
func (g *GRPC) Bet(ctx context.Context, wager string, amount int64) error {
	_, err := g.client.PlaceBet(identity.WithPlayer(ctx, g.player), &gamev1.PlaceBetRequest{GameId: g.game, BetType: wager, Amount: amount})
	return err
}
