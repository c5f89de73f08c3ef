package chain

import (
	"github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/node"
	cmttypes "github.com/cometbft/cometbft/types"
)

// seams are where tests put themselves between CometBFT and a validator's own parts, to make it lie. There are none in
// a real validator.
type testHooks struct {
	// application takes the place of the application.
	application func(types.Application) types.Application
	// key takes the place of the validator's key.
	signer func(cmttypes.PrivValidator) cmttypes.PrivValidator
	// options change the node before it starts.
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
