package service

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/admin"
	"github.com/bitcraps/bitcraps/libs/config"
)

// probeTimeout is how long a probe waits for an answer.
const probeTimeout = 5 * time.Second

// ProbeCommand returns a command that probes the health of a service which runs with the same configuration, at its admin port. The
// images contain no other program that could. listen points into cfg.
func ProbeCommand(name string, cfg config.Validator, listen *admin.Config) *cobra.Command {
	var flags Flags
	var live bool
	cmd := &cobra.Command{
		Use: "probe", Short: "Exit with 0 if the service that runs with this configuration can do its work", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := config.Load(name, cfg, flags.Source()); err != nil {
				return fmt.Errorf("configuration:\n%w", err)
			}
			path := "/ready"
			if live {
				path = "/health"
			}
			answer, err := probe(cmd.Context(), listen.Listen, path)
			cmd.Print(answer)
			return err
		},
	}
	flags.Bind(cmd)
	cmd.Flags().BoolVar(&live, "live", false, "ask only whether it runs")
	return cmd
}

func probe(ctx context.Context, listen, path string) (answer string, err error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("admin.listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", path, resp.Status)
	}
	return string(body), err
}
