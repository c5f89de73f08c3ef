// Package consensus is the service that runs one validator: it submits round commitments to the chain and answers with the beacons
// that throw their dice.
package consensus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/service"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
	"github.com/bitcraps/bitcraps/services/consensus/internal/order"
)

// Config is a validator's configuration.
type Config struct {
	service.Config `koanf:",squash"`
	Chain          ChainConfig `koanf:"chain"`
}

// ChainConfig is the configuration of the validator's chain: its home, its peers and its timing.
type ChainConfig struct {
	Home           string        `koanf:"home" jsonschema_description:"folder with the validator's keys, genesis and data; make one with bitcraps chain init"`
	IdentityFile   string        `koanf:"identity_file" jsonschema_description:"age identity that decrypts the home's beacon key; if empty, the file next to the home with the home's name and the ending .identity"`
	Listen         string        `koanf:"listen" jsonschema_description:"address that other validators connect to"`
	Peers          []string      `koanf:"peers" jsonschema_description:"the other validators, each as id@host:port; if empty, those of the home's peers.json. They are trusted as sources of blocks and snapshots even before they are members (docs/adr/0033)"`
	DecideTimeout  time.Duration `koanf:"decide_timeout" jsonschema_description:"how long a round may take before its caller is told to try again"`
	ProposeTimeout time.Duration `koanf:"propose_timeout" jsonschema_description:"how long to wait for a block's first proposal before the next proposer gets its turn; the second may take five times as long. If three times the latency between the validators is longer, set it to that"`
	GossipSleep    time.Duration `koanf:"gossip_sleep" jsonschema_description:"how long gossip sleeps when it has nothing to send; up to 100 ms longer while the node is idle"`
	RetainBlocks   int64         `koanf:"retain_blocks" jsonschema_description:"how many blocks are kept for peers that catch up; 0 keeps all; decided rounds stay provable after their blocks are pruned"`
	SnapshotBlocks int64         `koanf:"snapshot_blocks" jsonschema_description:"number of blocks between two snapshots, from which a validator that lost its data restores its state; 0 disables snapshots"`
	ListenFirst    time.Duration `koanf:"listen_first" jsonschema_description:"how long a starting validator listens for another process with its key before it signs its first vote; 0 signs at once"`

	PrivValidatorAddr string `koanf:"priv_validator_addr" jsonschema_description:"where a remote signer connects: noise://<its peer id>@host:port, or on an unshared machine unix://<path> or tcp://host:port; empty signs with the key in the home"`
}

// Default returns the configuration of a validator in ./data/consensus that listens on loopback.
func Default() Config {
	return Config{
		Config: service.Default(7003, 7103),
		Chain: ChainConfig{
			Home: "data/consensus/validator-0", Listen: "127.0.0.1:26656",
			DecideTimeout: 2 * time.Second, ProposeTimeout: 150 * time.Millisecond, GossipSleep: 3 * time.Millisecond,
			RetainBlocks: 50_000, SnapshotBlocks: 10_000, ListenFirst: 500 * time.Millisecond,
		},
	}
}

// Validate implements config.Validator.
func (c Config) Validate() error {
	err := c.Config.Validate()
	for key, value := range map[string]time.Duration{
		"chain.decide_timeout": c.Chain.DecideTimeout, "chain.propose_timeout": c.Chain.ProposeTimeout, "chain.gossip_sleep": c.Chain.GossipSleep,
	} {
		if value <= 0 {
			err = errors.Join(err, fmt.Errorf("%s: want more than 0", key))
		}
	}
	if c.Chain.SnapshotBlocks < 0 {
		err = errors.Join(err, errors.New("chain.snapshot_blocks: want 0, for none, or a number of blocks"))
	}
	// A validator that restores a snapshot fetches the blocks after it, and it may have found the second-latest snapshot.
	if retain := c.Chain.RetainBlocks; retain < 0 || retain > 0 && retain < 3*c.Chain.SnapshotBlocks {
		err = errors.Join(err, fmt.Errorf("chain.retain_blocks: want 0, for all, or at least three times chain.snapshot_blocks, %d", 3*c.Chain.SnapshotBlocks))
	}
	if c.Chain.ListenFirst < 0 {
		err = errors.Join(err, errors.New("chain.listen_first: want 0, to sign at once, or a duration"))
	}
	return err
}

// Service is one validator.
type Service struct {
	cfg     ChainConfig
	logger  *slog.Logger
	node    *chain.Node
	latency *latency
	server  *server
}

// New opens the validator's home. It does not contact the peers yet.
func New(cfg ChainConfig, scope telemetry.Scope) (*Service, error) {
	node, err := chain.Open(chain.Config{
		Home: cfg.Home, IdentityFile: cfg.IdentityFile, Listen: cfg.Listen, Peers: cfg.Peers, ProposeTimeout: cfg.ProposeTimeout, GossipSleep: cfg.GossipSleep,
		RetainBlocks: cfg.RetainBlocks, SnapshotBlocks: cfg.SnapshotBlocks, ListenFirst: cfg.ListenFirst, SignerAddress: cfg.PrivValidatorAddr,
	}, scope.Logger)
	if err != nil {
		return nil, fmt.Errorf("chain.home %s: %w", cfg.Home, err)
	}
	s := &Service{cfg: cfg, logger: scope.Logger, node: node, latency: newLatency()}
	s.server = &server{node: node, timeout: cfg.DecideTimeout, latency: s.latency, stop: make(chan struct{})}
	scope.Metrics.MustRegister(s.latency, heightMetric(node), connectedMetric(node), conductMetrics{node})
	return s, nil
}

// Register implements service.Service.
func (s *Service) Register(server grpc.ServiceRegistrar) {
	consensusv1.RegisterConsensusServiceServer(server, s.server)
}

// Start implements service.Service: the validator takes part in consensus from here on.
func (s *Service) Start(context.Context) error { return s.node.Start() }

// Wait implements service.Waiter: a validator that must not continue ends its process.
func (s *Service) Wait() error { return s.node.Wait() }

// maxUncollected is how many blocks a healthy validator may have whose beacons it has not collected yet.
const maxUncollected = 100

// Health implements service.Service. It fails while the validator is catching up, is connected to too few others, is overtaken, misses a
// beacon or is not a validator yet, while there is no beacon key, and permanently once it has halted.
func (s *Service) Health(context.Context) error {
	status, err := s.node.Status()
	if err != nil {
		return err
	}
	facts := s.node.Facts()
	n := len(facts.Validators)
	switch {
	case s.node.Halted() != nil:
		return s.node.Halted()
	case s.node.Stranded() != nil:
		return s.node.Stranded()
	case status.CatchingUp:
		return errors.New("the validator is catching up")
	case s.node.MissingBeacon() != nil:
		return s.node.MissingBeacon()
	case status.Height-s.node.Collected() > maxUncollected:
		return fmt.Errorf("the beacons of %d blocks are not collected yet", status.Height-s.node.Collected())
	case s.node.NotMember() != nil:
		return s.node.NotMember()
	case len(status.Connected) < order.Quorum(n):
		return fmt.Errorf("%d of %d validators are connected; %d are needed", len(status.Connected), n, order.Quorum(n))
	case facts.GroupKey == "":
		return fmt.Errorf("the validators are generating the beacon's key: %s", status.Ceremony)
	}
	return nil
}

// Stop implements service.Service.
func (s *Service) Stop(context.Context) error { return s.node.Stop() }

// Drain implements service.Service.
func (s *Service) Drain() { s.server.drain() }

func heightMetric(node *chain.Node) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_consensus_height", Help: "Latest final block that the validator has.",
	}, func() float64 { return float64(node.Height()) })
}

func connectedMetric(node *chain.Node) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bitcraps_consensus_validators_connected", Help: "Validators that this one is connected to, itself included.",
	}, func() float64 { return float64(len(node.Connected())) })
}
