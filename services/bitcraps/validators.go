package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/loopback"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// validator is a validator of the platform, running or not.
type validator struct {
	platform *Platform
	name     string // On the in-memory network.
	cfg      consensus.ChainConfig
	scope    telemetry.Scope

	svc    *consensus.Service
	server *rpcserver.Server
	served chan error
}

// addValidators opens the chain in the data directory, and creates it where there is none.
func (p *Platform) addValidators(context.Context) error {
	dir := p.chainDir()
	if _, err := os.Stat(consensus.Home(dir, 0)); errors.Is(err, os.ErrNotExist) {
		if err := consensus.InitNetwork(dir, fleet.NewChainID(), p.opts.Validators, time.Now()); err != nil {
			return err
		}
	}
	var homes []string
	for i := 0; ; i++ {
		if _, err := os.Stat(consensus.Home(dir, i)); err != nil {
			break
		}
		homes = append(homes, consensus.Home(dir, i))
	}
	addresses, err := loopback.FreeAddresses(len(homes))
	if err != nil {
		return err
	}
	peers := make([]string, len(homes))
	for i, home := range homes {
		id, err := consensus.PeerID(home)
		if err != nil {
			return err
		}
		peers[i] = id + "@" + addresses[i]
	}
	for i, home := range homes {
		cfg := p.cfg.Consensus.Chain
		// Each dials those before it: if two dialed each other at the same moment, both would drop the connection.
		cfg.Home, cfg.Listen, cfg.Peers = home, addresses[i], peers[:i]
		cfg.ListenFirst = 0 // The lock on the data directory covers every home in it.
		name := fmt.Sprintf("consensus-%d", i)
		v := &validator{platform: p, name: name, cfg: cfg, scope: p.tel.For(identity.Consensus, i)}
		p.validators = append(p.validators, v)
		p.group.Add(run.Part{Name: name, Start: v.start, Stop: v.stop})
	}
	return nil
}

func (p *Platform) validatorNames() []string {
	names := make([]string, len(p.validators))
	for i, v := range p.validators {
		names[i] = v.name
	}
	return names
}

func (p *Platform) healthyValidators(ctx context.Context) int {
	n := 0
	for _, v := range p.validators {
		if v.svc != nil && v.svc.Health(ctx) == nil {
			n++
		}
	}
	return n
}

// start opens the validator's home and starts it, including after a stop.
func (v *validator) start(ctx context.Context) error {
	svc, err := consensus.New(v.cfg, v.scope)
	if err != nil {
		return err
	}
	server, err := rpcserver.New(v.platform.cfg.Consensus.RPC, mtls.Config{}, v.scope)
	if err != nil {
		return errors.Join(err, svc.Stop(ctx))
	}
	svc.Register(server)
	if err := svc.Start(ctx); err != nil {
		return errors.Join(err, svc.Stop(ctx))
	}
	v.svc, v.server, v.served = svc, server, make(chan error, 1)
	listener := v.platform.network.Listen(v.name)
	go func() { v.served <- server.Serve(listener) }()
	return nil
}

// stop stops the validator; start may start it again.
func (v *validator) stop(ctx context.Context) error {
	if v.svc == nil {
		return nil
	}
	v.svc.Drain()
	err := errors.Join(v.server.Stop(ctx), <-v.served, v.svc.Stop(ctx))
	v.svc = nil
	v.scope.Unregister()
	return err
}

// StopValidator stops the i-th validator, as a crash of its process would in a fleet.
func (p *Platform) StopValidator(ctx context.Context, i int) error { return p.validators[i].stop(ctx) }

// StartValidator starts a stopped validator again.
func (p *Platform) StartValidator(ctx context.Context, i int) error {
	return p.validators[i].start(ctx)
}
