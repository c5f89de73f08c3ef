package gateway

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
	"golang.org/x/sync/singleflight"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
)

// keySource keeps the public keys that the api service publishes.
type keySource struct {
	keys  apiv1.KeyServiceClient
	clock clockwork.Clock
	fetch singleflight.Group

	mu             sync.Mutex
	known          map[string]ed25519.PublicKey
	fetched, tried time.Time
	failed         error // What the last attempt ended with.
}

const (
	// keysFreshFor is how long fetched keys are believed to be all.
	keysFreshFor = 5 * time.Minute
	// keysRefetchAfter is how long the gateway does not ask again, for an unknown key id, which anyone can send, or where
	// the api service did not answer.
	keysRefetchAfter = 5 * time.Second
	// keysTimeout is how long calls wait for keys.
	keysTimeout = 2 * time.Second
)

func newKeySource(keys apiv1.KeyServiceClient, clock clockwork.Clock) *keySource {
	return &keySource{keys: keys, clock: clock}
}

// PublicKey implements token.KeySource. Calls that wait for keys wait together.
func (s *keySource) PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	if key, ok, err := s.look(kid); ok {
		return key, err
	}
	// The first caller's end must not be that of all who wait.
	answer := s.fetch.DoChan("", func() (any, error) { s.refresh(context.WithoutCancel(ctx)); return nil, nil })
	select {
	case <-answer:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	key, _, err := s.look(kid)
	return key, err
}

// look returns what is known of a key; ok is false where the api service should be asked. While that is away, an old key is
// better than none.
func (s *keySource) look(kid string) (key ed25519.PublicKey, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tried := s.clock.Since(s.tried) < keysRefetchAfter
	if key = s.known[kid]; key != nil {
		return key, tried || s.clock.Since(s.fetched) < keysFreshFor, nil
	}
	return nil, tried, s.failed
}

func (s *keySource) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, keysTimeout)
	defer cancel()
	resp, err := s.keys.ListKeys(ctx, &apiv1.ListKeysRequest{})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tried, s.failed = s.clock.Now(), err; err != nil {
		return
	}
	s.known, s.fetched = make(map[string]ed25519.PublicKey), s.tried
	for _, jwk := range resp.GetKeys() {
		public, err := base64.RawURLEncoding.DecodeString(jwk.GetX())
		if err == nil && len(public) == ed25519.PublicKeySize && jwk.GetCrv() == "Ed25519" {
			s.known[jwk.GetKid()] = public
		}
	}
}
