package fleet

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
)

// Stages in which processes stop, the last one first. A service calls only services of earlier stages.
const (
	storeStage = iota
	consensusStage
	gameStage
	apiStage
	gatewayStage
)

var stages = map[string]int{identity.Consensus: consensusStage, identity.Game: gameStage, identity.API: apiStage, identity.Gateway: gatewayStage}

// service returns the process of a member.
func (f *Fleet) service(m member) process {
	p := process{name: m.name(), stage: stages[m.Service], program: filepath.Join(f.programs, m.Service), dir: f.dir,
		args: []string{"--config-dir", f.configDir(m)}, stopSignal: syscall.SIGTERM, address: m.Listen, ready: checkHTTP(m.Admin, "/ready"), live: checkHTTP(m.Admin, "/health")}
	if m.Service == identity.Gateway {
		p.address = "http://" + m.Listen
	}
	if address := f.plan.redisURL(); address != "" {
		p.env = append(p.env, variable("redis.url="+address)) // In the environment, where services without Redis ignore it.
	}
	for _, pair := range f.plan.Options.Set { // In the environment, since everybody on the machine can read command lines, and a value may be a password.
		first, _, _ := strings.Cut(pair, ".")
		if first == m.Service || !slices.Contains(config.Services, first) {
			p.env = append(p.env, variable(pair))
		}
	}
	return p
}

// variable converts a pair in the form of --set to an environment variable.
func variable(pair string) string {
	key, value, _ := strings.Cut(pair, "=")
	return config.EnvName(key) + "=" + value
}

// checkHTTP returns a check of a path on an admin port: /ready, or /health for whether the process is live.
func checkHTTP(admin, path string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+path, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", path, resp.Status)
		}
		return nil
	}
}
