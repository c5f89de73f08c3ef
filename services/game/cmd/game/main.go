// Command game runs the craps tables.
package main

import (
	"context"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/game"
)

func main() {
	cfg := game.Default()
	service.Main(service.Command("game", "Run the craps tables", &cfg, &cfg.Config,
		func(ctx context.Context, scope telemetry.Scope) (service.Service, error) {
			conn, err := rpcclient.New(identity.Game, game.ConsensusTarget, cfg.Upstream.Consensus, cfg.TLS, nil, scope)
			if err != nil {
				return nil, err
			}
			return game.New(ctx, cfg, game.Deps{Consensus: consensusv1.NewConsensusServiceClient(conn), Clock: clockwork.NewRealClock()}, scope)
		}))
}
