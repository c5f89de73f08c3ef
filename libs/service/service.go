// Package service runs a service as a process of its own: configuration, telemetry, the gRPC server, the admin port, and a graceful
// shutdown on SIGTERM.
package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/run"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	"github.com/bitcraps/bitcraps/libs/version"
)

// Service is the interface of all services, whether they run in a process of their own or together with others.
type Service interface {
	// Register adds the service's contracts to a server.
	Register(server grpc.ServiceRegistrar)
	// Start makes the service ready to answer.
	Start(ctx context.Context) error
	// Health returns an error while the service can't do its work.
	Health(ctx context.Context) error
	// Drain ends streams and waiting calls that would keep the server from stopping. Other calls are still answered.
	Drain()
	// Stop ends the service, after its server has stopped. Its context has the deadline.
	Stop(ctx context.Context) error
}

// Waiter is a Service that can fail such that its process must end.
type Waiter interface {
	Service
	// Wait blocks until the service fails, and returns why, or is stopped, and returns nil.
	Wait() error
}

// Degradable is a Service that can do most of its work without some of its parts.
type Degradable interface {
	Service
	// Degraded returns the health checks of those parts.
	Degraded() []admin.Check
}

// checks returns the health checks of a service's process.
func checks(name string, svc Service) []admin.Check {
	all := []admin.Check{{Name: name, Check: svc.Health}}
	if degradable, ok := svc.(Degradable); ok {
		all = append(all, degradable.Degraded()...)
	}
	return all
}

// Config is the common part of the configuration of every service with a gRPC server.
type Config struct {
	RPC       rpcserver.Config `koanf:"rpc"`
	TLS       mtls.Config      `koanf:"tls"`
	Telemetry telemetry.Config `koanf:"telemetry"`
	Admin     admin.Config     `koanf:"admin"`
}

// Default returns the default configuration, which listens on loopback.
func Default(rpcPort, adminPort int) Config {
	cfg := Config{RPC: rpcserver.Default(), Telemetry: telemetry.Default()}
	cfg.RPC.Listen = fmt.Sprintf("127.0.0.1:%d", rpcPort)
	cfg.Admin.Listen = fmt.Sprintf("127.0.0.1:%d", adminPort)
	return cfg
}

// Validate rejects plain text beyond loopback, where anybody could claim to be any caller.
func (c Config) Validate() error {
	err := errors.Join(c.RPC.Validate(), c.TLS.Validate(), c.Telemetry.Validate())
	if !c.TLS.Enabled() && !loopback(c.RPC.Listen) {
		err = errors.Join(err, fmt.Errorf("rpc.listen: %s is reachable from other machines; set tls.cert_file, tls.key_file and tls.ca_file, or listen on 127.0.0.1", c.RPC.Listen))
	}
	return err
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// DrainTimeout is how long a process may take to shut down.
const DrainTimeout = 20 * time.Second

// Flags are the command-line flags of every service.
type Flags struct {
	source config.Source
}

// Bind adds the flags to a command.
func (f *Flags) Bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.source.Dir, "config-dir", "", "folder with defaults.toml and the environments' files")
	cmd.Flags().StringVar(&f.source.Environment, "environment", "local", "one of "+strings.Join(config.Environments, ", "))
	cmd.Flags().StringArrayVar(&f.source.Set, "set", nil, "set one configuration key, such as telemetry.log_level=debug; repeatable")
}

// Source returns the source of configuration that the flags and the environment determine.
func (f *Flags) Source() config.Source {
	f.source.Environ = os.Environ()
	return f.source
}

// SourceForAll is Source for a command whose flags configure several services.
func (f *Flags) SourceForAll() config.Source {
	source := f.Source()
	source.AllServices = true
	return source
}

// Command returns the command of a service that runs in a process of its own. cfg holds the built-in defaults; common points into it.
func Command(name, short string, cfg config.Validator, common *Config,
	build func(ctx context.Context, scope telemetry.Scope) (Service, error),
) *cobra.Command {
	var flags Flags
	cmd := &cobra.Command{
		Use:           name,
		Short:         short,
		Example:       fmt.Sprintf("  %s --config-dir deploy/config --environment development\n  %s --set rpc.listen=127.0.0.1:7000", name, name),
		Args:          cobra.NoArgs,
		Version:       version.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := config.Load(name, cfg, flags.Source()); err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			return serve(cmd.Context(), name, common, build)
		},
	}
	flags.Bind(cmd)
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.AddCommand(ProbeCommand(name, cfg, &common.Admin))
	return cmd
}

func serve(ctx context.Context, name string, cfg *Config, build func(context.Context, telemetry.Scope) (Service, error)) error {
	tel, err := telemetry.New(ctx, name, version.Version, cfg.Telemetry, os.Stderr)
	if err != nil {
		return err
	}
	telemetry.SetGlobals(tel.Logger)
	scope := tel.For(name, 0)
	svc, err := build(ctx, scope)
	if err != nil {
		return err
	}
	server, err := rpcserver.New(cfg.RPC, cfg.TLS, scope)
	if err != nil {
		return err
	}
	svc.Register(server)
	listener, err := net.Listen("tcp", cfg.RPC.Listen)
	if err != nil {
		return fmt.Errorf("rpc.listen: %w", err)
	}
	group := run.NewGroup(scope.Logger, DrainTimeout)
	group.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	group.Add(AdminPart(cfg.Admin, admin.Handler(tel.Registry, checks(name, svc))))
	part := run.Part{Name: name, Start: svc.Start, Stop: svc.Stop}
	if waiter, ok := svc.(Waiter); ok {
		part.Serve = waiter.Wait
	}
	group.Add(part)
	group.Add(RPCPart(server, listener, svc))
	return group.Run(ctx, func() { scope.Logger.Info("ready", "rpc", listener.Addr().String(), "version", version.Version) })
}

// RPCPart returns the part that serves a service's calls. When it stops, it drains the service first.
func RPCPart(server *rpcserver.Server, listener net.Listener, svc Service) run.Part {
	return run.Part{
		Name:  "grpc",
		Serve: func() error { return server.Serve(listener) },
		Stop: func(ctx context.Context) error {
			svc.Drain()
			return server.Stop(ctx)
		},
	}
}

// AdminPart returns the part that serves the admin port. It stops at once rather than gracefully: a running profile may take longer than
// the process has to shut down.
func AdminPart(cfg admin.Config, handler http.Handler) run.Part {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	if cfg.Listen == "" {
		return run.Part{Name: "admin"}
	}
	var listener net.Listener
	return run.Part{
		Name: "admin",
		Start: func(context.Context) (err error) {
			if listener, err = net.Listen("tcp", cfg.Listen); err != nil {
				return fmt.Errorf("admin.listen: %w", err)
			}
			return nil
		},
		Serve: func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Stop: func(context.Context) error { return server.Close() },
	}
}

// ExitError is an error for which a command exits with a code other than 1.
type ExitError struct {
	Code   int
	Reason string
}

// Error implements error.
func (e ExitError) Error() string { return e.Reason }

// Main runs a command until it ends or a signal ends it, and exits.
func Main(cmd *cobra.Command) {
	ctx, cancel := run.SignalContext()
	defer cancel()
	if os.Getenv("GOGC") == "" {
		go tuneGC(ctx)
	}
	cmd.SetOut(os.Stdout)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", cmd.Name(), err)
		code := 1
		if exit, ok := errors.AsType[ExitError](err); ok {
			code = exit.Code
		}
		os.Exit(code) //nolint:gocritic // cancel only releases what the exit releases too.
	}
}
