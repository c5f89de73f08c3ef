package gateway

import (
	"context"
	"crypto/sha256"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/token"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// maxExchanged bounds the API keys whose access tokens are remembered.
const maxExchanged = 10_000

// apiKeys exchanges API keys for access tokens, which are then checked like all others: a key that was ended is an ended session.
type apiKeys struct {
	keys   apiv1.ApiKeyServiceClient
	tokens *lru.Cache[[sha256.Size]byte, string] // By the hashes of keys.
}

func newAPIKeys(keys apiv1.ApiKeyServiceClient) *apiKeys {
	tokens, err := lru.New[[sha256.Size]byte, string](maxExchanged)
	if err != nil {
		panic(err) // It fails for a size below one.
	}
	return &apiKeys{keys, tokens}
}

// bearer is whose key it is. Of a key that has no good token yet, limit counts the attempt first.
func (k *apiKeys) bearer(ctx context.Context, key string, verify func(context.Context, string) (token.Bearer, error), limit func() error) (token.Bearer, error) {
	hash := sha256.Sum256([]byte(key))
	if access, ok := k.tokens.Get(hash); ok {
		bearer, err := verify(ctx, access)
		// The token is our own, so it is invalid where the key that signed it has retired.
		if reason := errs.Reason(err); reason != errorsv1.Reason_REASON_TOKEN_EXPIRED && reason != errorsv1.Reason_REASON_TOKEN_INVALID {
			return bearer, err
		}
	}
	if err := limit(); err != nil {
		return token.Bearer{}, err
	}
	resp, err := k.keys.ExchangeApiKey(ctx, &apiv1.ExchangeApiKeyRequest{ApiKey: key})
	if err != nil {
		return token.Bearer{}, err
	}
	bearer, err := verify(ctx, resp.GetAccessToken())
	if err == nil {
		k.tokens.Add(hash, resp.GetAccessToken())
	}
	return bearer, err
}
