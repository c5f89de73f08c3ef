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

// keySource caches the public keys that the api service publishes.
type keySource struct {
	keys  apiv1.KeyServiceClient
	clock clockwork.Clock
	fetch singleflight.Group

	mu             sync.Mutex
	known          map[string]ed25519.PublicKey
	fetched, tried time.Time
	failed         error // The last fetch's error.
}

const (
	// keysFreshFor is how long fetched keys are used without fetching them again.
	keysFreshFor = 5 * time.Minute
	// keysRefetchAfter is the minimum time between fetches: anyone can send an unknown key id, and the api service may be
	// unavailable.
	keysRefetchAfter = 5 * time.Second
	// keysTimeout bounds one fetch.
	keysTimeout = 2 * time.Second
)

func newKeySource(keys apiv1.KeyServiceClient, clock clockwork.Clock) *keySource {
	return &keySource{keys: keys, clock: clock}
}

// PublicKey implements token.KeySource. Concurrent calls share one fetch.
func (s *keySource) PublicKey(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	if key, ok, err := s.lookup(kid); ok {
		return key, err
	}
	// Cancelling the first caller must not cancel the fetch for the others.
	answer := s.fetch.DoChan("", func() (any, error) { s.refresh(context.WithoutCancel(ctx)); return nil, nil })
	select {
	case <-answer:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	key, _, err := s.lookup(kid)
	return key, err
}

// lookup returns a cached key; ok is false if the keys should be fetched. While the api service is unavailable, an old key is better
// than none.
func (s *keySource) lookup(kid string) (key ed25519.PublicKey, ok bool, err error) {
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
