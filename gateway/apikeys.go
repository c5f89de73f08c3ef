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

// maxCachedTokens is the number of API keys whose access tokens are cached.
const maxCachedTokens = 10_000

// apiKeys exchanges API keys for access tokens, which are then verified like all others: revoking a key ends its session.
type apiKeys struct {
	keys   apiv1.ApiKeyServiceClient
	tokens *lru.Cache[[sha256.Size]byte, string] // By the key's hash.
}

func newAPIKeys(keys apiv1.ApiKeyServiceClient) *apiKeys {
	tokens, err := lru.New[[sha256.Size]byte, string](maxCachedTokens)
	if err != nil {
		panic(err) // It fails only for a size below one.
	}
	return &apiKeys{keys, tokens}
}

// bearer returns a key's owner. If no valid token is cached for the key, limit first counts the exchange as an attempt.
func (k *apiKeys) bearer(ctx context.Context, key string, verify func(context.Context, string) (token.Bearer, error), limit func() error) (token.Bearer, error) {
	hash := sha256.Sum256([]byte(key))
	if access, ok := k.tokens.Get(hash); ok {
		bearer, err := verify(ctx, access)
		// The platform issued the token itself, so if it is invalid, its signing key was retired.
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
