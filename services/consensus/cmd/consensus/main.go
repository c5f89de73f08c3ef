// Command consensus runs one validator.
package main

import (
	"context"

	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/consensus"
)

func main() {
	cfg := consensus.Default()
	service.Main(service.Command("consensus", "Run one validator", &cfg, &cfg.Config,
		func(_ context.Context, scope telemetry.Scope) (service.Service, error) {
			return consensus.New(cfg.Chain, scope)
		}))
}
