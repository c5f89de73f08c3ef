package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/loopback"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
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

func (p *Platform) chainDir() string { return filepath.Join(p.opts.DataDir, identity.Consensus) }

// addValidators adds every validator with a home in the data directory. A quorum of them can roll, so a lost home is no reason not to
// start.
func (p *Platform) addValidators(context.Context) error {
	present, missing, err := consensus.Homes(p.chainDir())
	if err != nil {
		return err
	}
	for _, i := range missing {
		p.tel.Logger.Warn("the home of a validator is missing; starting without it; nobody can roll once a third of the validators are missing, so replace it: see \"Restoring data\" in docs/operations.md",
			"home", consensus.Home(p.chainDir(), i))
	}
	addresses, err := loopback.FreeAddresses(len(present))
	if err != nil {
		return err
	}
	var peers []string
	for at, i := range present {
		cfg := p.cfg.Consensus.Chain
		// Each dials those before it: if two dialed each other at the same moment, both would drop the connection.
		cfg.Home, cfg.Listen, cfg.Peers = consensus.Home(p.chainDir(), i), addresses[at], slices.Clone(peers)
		cfg.ListenFirst = 0 // The lock on the data directory covers every home in it.
		id, err := consensus.PeerID(cfg.Home)
		if err != nil {
			return err
		}
		peers = append(peers, id+"@"+cfg.Listen)
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
