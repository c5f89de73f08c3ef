package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/jonboulle/clockwork"
	"github.com/spf13/cobra"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/version"
)

// Command returns the command that runs the gateway as its own process.
func Command() *cobra.Command {
	cfg := Default()
	var flags service.Flags
	cmd := &cobra.Command{
		Use: "gateway", Short: "Serve the REST API", Version: version.Version, Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		Example: "  gateway --config-dir deploy/config --environment development\n  gateway --set network.listen_port=8081",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := config.Load("gateway", &cfg, flags.Source()); err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			return serve(cmd.Context(), cfg)
		},
	}
	flags.Bind(cmd)
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.AddCommand(service.ProbeCommand("gateway", &cfg, &cfg.Admin))
	return cmd
}

func serve(ctx context.Context, cfg Config) error {
	tel, err := telemetry.New(ctx, "gateway", version.Version, cfg.Telemetry, os.Stderr)
	if err != nil {
		return err
	}
	telemetry.SetGlobals(tel.Logger)
	scope := tel.For("gateway", 0)
	conns := make(map[string]*grpc.ClientConn, len(Targets))
	for name, upstream := range cfg.Upstream.ByService() {
		if conns[name], err = rpcclient.New(identity.Gateway, Targets[name], upstream, cfg.TLS, nil, scope); err != nil {
			return err
		}
	}
	deps := Deps{API: conns[identity.API], Game: conns[identity.Game], Consensus: conns[identity.Consensus], Clock: clockwork.NewRealClock()}
	g, err := New(ctx, cfg, deps, scope)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(cfg.Network.ListenHost, strconv.Itoa(cfg.Network.ListenPort)))
	if err != nil {
		return fmt.Errorf("network.listen_port: %w", err)
	}
	group := run.NewGroup(scope.Logger, service.DrainTimeout)
	group.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	group.Add(service.AdminPart(cfg.Admin, admin.Handler(tel.Registry, g.checks)))
	group.Add(g.Part(listener))
	return group.Run(ctx, func() { scope.Logger.Info("ready", "url", g.URL(listener), "version", version.Version) })
}

// URL returns the URL at which clients reach one of the gateway's listeners.
func (g *Gateway) URL(listener net.Listener) string {
	scheme := "http"
	if g.cfg.Network.EnableTLS {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return scheme + "://" + listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // It listens on all addresses; this one works on this machine.
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Part returns the part of a process that serves the gateway on a listener. Stopping it ends event streams, waits for calls in
// progress, and closes the remaining connections.
func (g *Gateway) Part(listener net.Listener) run.Part {
	listener = perAddressListener{listener, g.rateLimits.proxies, g.connectionLimits}
	listener = countedListener{netutil.LimitListener(listener, g.cfg.Network.MaxConnections), &g.openConnections}
	server := g.server()
	return run.Part{
		Name: "http",
		Start: func(context.Context) error {
			if err := g.configureTLS(server); err != nil {
				return err
			}
			g.auth.revocations.start()
			if g.ops != nil {
				g.ops.Start()
			}
			return nil
		},
		Serve: func() (err error) {
			if g.cfg.Network.EnableTLS {
				err = server.ServeTLS(listener, "", "")
			} else {
				err = server.Serve(listener)
			}
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		},
		Stop: func(ctx context.Context) error {
			g.drain()
			err := server.Shutdown(ctx)
			if err != nil {
				err = errors.Join(err, server.Close())
			}
			g.auth.revocations.loop.Stop()
			if g.ops != nil {
				g.ops.Stop()
			}
			return errors.Join(err, g.waitForHijacked(ctx), g.close())
		},
	}
}

// configureTLS sets the certificate that clients see. The certificate may be renewed while the server runs.
func (g *Gateway) configureTLS(server *http.Server) error {
	if !g.cfg.Network.EnableTLS {
		return nil
	}
	certificate, err := mtls.Certificate(g.cfg.Network.CertFile, g.cfg.Network.KeyFile, g.logger)
	if err != nil {
		return fmt.Errorf("network.cert_file: %w", err)
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate}
	return nil
}

// waitForHijacked waits until every hijacked connection has told its client where to resume and is closed. http.Server does not
// track hijacked connections.
func (g *Gateway) waitForHijacked(ctx context.Context) error {
	done := make(chan struct{})
	go func() { g.hijacked.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("WebSockets or event streams are still open: %w", ctx.Err())
	}
}
