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

// awaitSigner listens for a remote signer, which calls in, and waits some seconds for it. The address is that of CometBFT's
// priv_validator_laddr: tcp://host:port, unix://path or noise://peer-id@host:port, of which only the last one is for
// networks that others share.
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
		return nil, errors.Join(fmt.Errorf("priv_validator_addr: no signer called %s within %s; start it and try again: %w", address, signerTimeout, err), client.Close())
	}
	return privval.NewRetrySignerClient(client, signerRetries, signerRetryDelay), nil
}

const (
	// signerPatience is how long a validator that starts waits for its signer.
	signerTimeout = 5 * time.Second
	// signerRetries times signerPause is how long one that runs does.
	signerRetries    = 50
	signerRetryDelay = 100 * time.Millisecond
)
