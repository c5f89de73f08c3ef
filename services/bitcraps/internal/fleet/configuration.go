package fleet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/knadh/koanf/parsers/toml/v2"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/config"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/services/api"
	"github.com/bitcraps/bitcraps/services/consensus"
	"github.com/bitcraps/bitcraps/services/game"
)

// section is a table of a configuration file.
type section = map[string]any

// configuration returns the content of a member's configuration file.
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
		own["mail"] = section{"folder": filepath.Join(f.dir, "mail")}
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

// peers returns the peers that a validator dials: those before it, since two that dial each other at the same moment would both drop
// the connection.
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

// writeConfiguration writes each member's configuration file, in a folder of its own.
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

// checkConfiguration reports values with which a service would not start, and unknown keys, which services ignore in the environment.
func (f *Fleet) checkConfiguration() error {
	gatewayConfig, apiConfig, gameConfig, consensusConfig := gateway.Default(), api.Default(), game.Default(), consensus.Default()
	own := map[string]config.Validator{identity.Gateway: &gatewayConfig, identity.API: &apiConfig, identity.Game: &gameConfig, identity.Consensus: &consensusConfig}
	var wrong error
	for _, m := range f.plan.Members {
		if m.Replica > 0 {
			continue
		}
		source := config.Source{Dir: f.configDir(m), Environment: "local", Set: f.plan.Options.Set, AllServices: true}
		if err := config.Load(m.Service, own[m.Service], source); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("[%s]\n%w", m.Service, err))
		}
	}
	return wrong
}
