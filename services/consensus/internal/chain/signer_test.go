package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/privval"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// TestAValidatorSignsWithARemoteSigner moves a validator's key from its home to CometBFT's remote signer.
func TestAValidatorSignsWithARemoteSigner(t *testing.T) {
	net := newNetwork(t, 1)
	dir := t.TempDir()
	for _, name := range []string{"validator_key.json", "validator_state.json"} {
		if err := os.Rename(filepath.Join(net.home(0), name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	key := privval.LoadFilePV(filepath.Join(dir, "validator_key.json"), filepath.Join(dir, "validator_state.json"))
	socket := filepath.Join(dir, "signer")
	endpoint := privval.NewSignerDialerEndpoint(log.NewNopLogger(), privval.DialUnixFn(socket),
		privval.SignerDialerEndpointRetryWaitInterval(10*time.Millisecond), privval.SignerDialerEndpointConnRetries(1000))
	server := privval.NewSignerServer(endpoint, "bitcraps-test", key)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop() }()

	net.startAs(0, func(cfg *chain.Config) { cfg.SignerAddress = "unix://" + socket })
	for round := uint64(1); round <= 3; round++ {
		d := net.decide(0, commitment(1, round))
		if _, err := net.nodes[0].Prove(d.Ordered); err != nil {
			t.Error(err)
		}
	}
	if last := key.LastSignState.Height; last < 3 {
		t.Errorf("the signer signed up to height %d", last)
	}
	net.stop(0)
}

func TestASignerThatDoesNotConnectIsNamed(t *testing.T) {
	net := newNetwork(t, 1)
	cfg := net.config(0)
	cfg.SignerAddress = "unix://" + filepath.Join(t.TempDir(), "signer")
	if _, err := chain.Open(cfg, discard); err == nil || !strings.Contains(err.Error(), "priv_validator_addr") {
		t.Errorf("err = %v", err)
	}
	cfg.SignerAddress = "smoke://signals"
	if _, err := chain.Open(cfg, discard); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}
