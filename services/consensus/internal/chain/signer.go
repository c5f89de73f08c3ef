package chain

import (
	"errors"
	"fmt"
	"time"

	"github.com/cometbft/cometbft/crypto"
	cmtlog "github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/types"
)

// awaitSigner listens for a remote signer and waits up to signerTimeout for it to connect. The address has the form of CometBFT's
// priv_validator_laddr: tcp://host:port, unix://path or noise://peer-id@host:port, of which only the last is safe on a shared
// network.
func awaitSigner(address, chainID string, identity crypto.PrivKey, logger cmtlog.Logger) (types.PrivValidator, error) {
	endpoint, err := privval.NewSignerListenerFromAddr(address, identity, logger)
	if err != nil {
		return nil, fmt.Errorf("priv_validator_addr: %w", err)
	}
	client, err := privval.NewSignerClient(endpoint, chainID)
	if err != nil {
		return nil, fmt.Errorf("priv_validator_addr: %w", err)
	}
	if err := client.WaitForConnection(signerTimeout); err != nil {
		return nil, errors.Join(fmt.Errorf("priv_validator_addr: no signer connected to %s within %s; start it and try again: %w", address, signerTimeout, err), client.Close())
	}
	return privval.NewRetrySignerClient(client, signerRetries, signerRetryDelay), nil
}

const (
	// signerTimeout is how long a starting validator waits for its signer.
	signerTimeout = 5 * time.Second
	// signerRetries times signerRetryDelay is how long a running validator does.
	signerRetries    = 50
	signerRetryDelay = 100 * time.Millisecond
)
