package fleet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/knadh/koanf/parsers/toml/v2"

	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/services/consensus"
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

// section is a table of a configuration file.
type section = map[string]any

// configuration is what a member's file says.
func (f *Fleet) configuration(m member) (section, error) {
	tls := localca.Files(f.tlsDir(), m.Service)
	own := section{}
	file := section{
		m.Service:   own,
		"admin":     section{"listen": m.Admin},
		"tls":       section{"cert_file": tls.CertFile, "key_file": tls.KeyFile, "ca_file": tls.CAFile},
		"telemetry": section{"log_level": "info"},
	}
	upstream := func(services ...string) {
		to := section{}
		for _, service := range services {
			to[service] = section{"addresses": f.plan.addresses(service)}
		}
		own["upstream"] = to
	}
	if m.Service != identity.Gateway {
		file["rpc"] = section{"listen": m.Listen}
	}
	switch m.Service {
	case identity.Gateway:
		host, port, err := net.SplitHostPort(m.Listen)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		own["network"] = section{"listen_host": host, "listen_port": number}
		upstream(identity.API, identity.Game, identity.Consensus)
	case identity.API:
		file["database"] = section{"url": f.plan.databaseURL(f.dir, m.Service)}
		upstream(identity.Game)
	case identity.Game:
		file["database"] = section{"url": f.plan.databaseURL(f.dir, m.Service)}
		upstream(identity.Consensus)
	case identity.Consensus:
		peers, err := f.peers(m)
		if err != nil {
			return nil, err
		}
		own["chain"] = section{"home": consensus.Home(f.chainDir(), m.Replica), "listen": m.Peer, "peers": peers}
	}
	return file, nil
}

// peers are the validators that one calls: those before it, since two that call each other at the same moment would both
// hang up.
func (f *Fleet) peers(m member) ([]string, error) {
	peers := []string{}
	for _, other := range f.plan.Members {
		if other.Service != identity.Consensus || other.Replica >= m.Replica {
			continue
		}
		id, err := consensus.PeerID(consensus.Home(f.chainDir(), other.Replica))
		if err != nil {
			return nil, err
		}
		peers = append(peers, id+"@"+other.Peer)
	}
	return peers, nil
}

func (f *Fleet) configDir(m member) string { return filepath.Join(f.dir, "config", m.name()) }

// writeConfiguration gives each member a folder with a file that holds all that its service must know.
func (f *Fleet) writeConfiguration() error {
	for _, m := range f.plan.Members {
		file, err := f.configuration(m)
		if err != nil {
			return err
		}
		text, err := toml.Parser().Marshal(file)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(f.configDir(m), 0o700); err != nil {
			return err
		}
		if err := replaceFile(filepath.Join(f.configDir(m), "defaults.toml"), text); err != nil {
			return err
		}
	}
	return nil
}

// service is the process of a member.
func (f *Fleet) service(m member) process {
	args := []string{"--config-dir", f.configDir(m)}
	for _, pair := range f.plan.Options.Set {
		first, _, _ := strings.Cut(pair, ".")
		if first == m.Service || !slices.Contains(config.Services, first) {
			args = append(args, "--set", pair)
		}
	}
	p := process{name: m.name(), stage: stages[m.Service], program: filepath.Join(f.programs, m.Service), args: args, dir: f.dir,
		end: syscall.SIGTERM, address: m.Listen, ready: answers(m.Admin)}
	if m.Service == identity.Gateway {
		p.address = "http://" + m.Listen
	}
	if address := f.plan.redisURL(); address != "" {
		p.env = []string{"BITCRAPS_REDIS_URL=" + address} // In the environment, where services without Redis skip it.
	}
	return p
}

// answers asks an admin port whether its service can do its work.
func answers(admin string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/ready", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("/ready answers %s", resp.Status)
		}
		return nil
	}
}
