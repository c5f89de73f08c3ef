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

// Stages in which processes stop, the last first. A service of a stage calls those of the stages before.
const (
	storeStage = iota
	consensusStage
	gameStage
	apiStage
	gatewayStage
)

var stages = map[string]int{identity.Consensus: consensusStage, identity.Game: gameStage, identity.API: apiStage, identity.Gateway: gatewayStage}

// service is the process of a member.
func (f *Fleet) service(m member) process {
	p := process{name: m.name(), stage: stages[m.Service], program: filepath.Join(f.programs, m.Service), dir: f.dir,
		args: []string{"--config-dir", f.configDir(m)}, end: syscall.SIGTERM, address: m.Listen, ready: answers(m.Admin, "/ready"), live: answers(m.Admin, "/health")}
	if m.Service == identity.Gateway {
		p.address = "http://" + m.Listen
	}
	if address := f.plan.redisURL(); address != "" {
		p.env = append(p.env, variable("redis.url="+address)) // In the environment, where services without Redis skip it.
	}
	for _, pair := range f.plan.Options.Set { // Everybody on the machine can read a command line, and it may be a password.
		first, _, _ := strings.Cut(pair, ".")
		if first == m.Service || !slices.Contains(config.Services, first) {
			p.env = append(p.env, variable(pair))
		}
	}
	return p
}

// variable is the environment's form of what --set takes.
func variable(pair string) string {
	key, value, _ := strings.Cut(pair, "=")
	return config.EnvName(key) + "=" + value
}

// answers asks an admin port whether its service can do its work, or only whether it runs.
func answers(admin, path string) func(context.Context) error {
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
