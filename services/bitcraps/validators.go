package bitcraps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/loopback"
	"github.com/bitcraps/bitcraps/services/consensus"
)

// validator is one of the fleet's, running or not.
type validator struct {
	fleet *Fleet
	name  string // On the in-memory network.
	cfg   consensus.ChainConfig
	scope telemetry.Scope

	svc    *consensus.Service
	server *rpcserver.Server
	served chan error
}

// addValidators opens the chain in the data directory, which it makes where there is none.
func (f *Fleet) addValidators(context.Context) error {
	dir := filepath.Join(f.opts.DataDir, "consensus")
	if _, err := os.Stat(consensus.Home(dir, 0)); errors.Is(err, os.ErrNotExist) {
		if err := consensus.InitNetwork(dir, fleet.NewChainID(), f.opts.Validators, time.Now()); err != nil {
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
	addresses, err := loopback.Free(len(homes))
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
		cfg := f.cfg.Consensus.Chain
		// Each calls those before it: two that call each other at the same moment would both hang up.
		cfg.Home, cfg.Listen, cfg.Peers = home, addresses[i], peers[:i]
		cfg.ListenFirst = 0 // The lock on the data directory covers every home in it.
		name := fmt.Sprintf("consensus-%d", i)
		v := &validator{fleet: f, name: name, cfg: cfg, scope: f.tel.For(identity.Consensus, i)}
		f.validators = append(f.validators, v)
		f.group.Add(run.Part{Name: name, Start: v.start, Stop: v.stop})
	}
	return nil
}

func (f *Fleet) validatorNames() []string {
	names := make([]string, len(f.validators))
	for i, v := range f.validators {
		names[i] = v.name
	}
	return names
}

func (f *Fleet) healthyValidators(ctx context.Context) int {
	n := 0
	for _, v := range f.validators {
		if v.svc != nil && v.svc.Health(ctx) == nil {
			n++
		}
	}
	return n
}

// start opens the validator's home and has it take part, also after a stop.
func (v *validator) start(ctx context.Context) error {
	svc, err := consensus.New(v.cfg, v.scope)
	if err != nil {
		return err
	}
	server, err := rpcserver.New(v.fleet.cfg.Consensus.RPC, mtls.Config{}, v.scope)
	if err != nil {
		return errors.Join(err, svc.Stop(ctx))
	}
	svc.Register(server)
	if err := svc.Start(ctx); err != nil {
		return errors.Join(err, svc.Stop(ctx))
	}
	v.svc, v.server, v.served = svc, server, make(chan error, 1)
	listener := v.fleet.network.Listen(v.name)
	go func() { v.served <- server.Serve(listener) }()
	return nil
}

// stop ends the validator; start may bring it back.
func (v *validator) stop(ctx context.Context) error {
	if v.svc == nil {
		return nil
	}
	v.svc.Drain()
	err := errors.Join(v.server.Stop(ctx), <-v.served, v.svc.Stop(ctx))
	v.svc = nil
	v.scope.Forget()
	return err
}

// StopValidator ends the i-th validator, as a crash of its process would in a fleet.
func (f *Fleet) StopValidator(ctx context.Context, i int) error { return f.validators[i].stop(ctx) }

// StartValidator brings a stopped validator back.
func (f *Fleet) StartValidator(ctx context.Context, i int) error { return f.validators[i].start(ctx) }
