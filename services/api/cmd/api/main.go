// Command api runs the service of players, their credentials and sessions.
package main

import (
	"context"

	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/api"
)

func main() {
	cfg := api.Default()
	service.Main(service.Command("api", "Serve players, their credentials and sessions", &cfg, &cfg.Config,
		func(ctx context.Context, scope telemetry.Scope) (service.Service, error) {
			conn, err := rpcclient.New(identity.API, api.GameTarget, cfg.Upstream.Game, cfg.TLS, nil, scope)
			if err != nil {
				return nil, err
			}
			return api.New(ctx, cfg, api.Deps{Game: conn, Clock: clockwork.NewRealClock()}, scope)
		}))
}
