package chain

import (
	"github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/node"
	cmttypes "github.com/cometbft/cometbft/types"
)

// testHooks let tests wrap the parts that a validator passes to CometBFT, to make it misbehave. In production all are nil.
type testHooks struct {
	// application wraps the application.
	application func(types.Application) types.Application
	// signer wraps the validator's signer.
	signer func(cmttypes.PrivValidator) cmttypes.PrivValidator
	// options modify the node before it starts.
	options []node.Option
}

func (s testHooks) wrapApplication(a types.Application) types.Application {
	if s.application == nil {
		return a
	}
	return s.application(a)
}

func (s testHooks) wrapSigner(key cmttypes.PrivValidator) cmttypes.PrivValidator {
	if s.signer == nil {
		return key
	}
	return s.signer(key)
}
