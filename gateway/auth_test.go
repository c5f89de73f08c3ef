package gateway

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/jonboulle/clockwork"
	"google.golang.org/grpc"

	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
)

// keyPublisher is an api service that publishes keys and counts calls.
type keyPublisher struct {
	apiv1.KeyServiceClient
	keys  map[string]ed25519.PublicKey
	down  bool
	calls int
}

func (p *keyPublisher) ListKeys(context.Context, *apiv1.ListKeysRequest, ...grpc.CallOption) (*apiv1.ListKeysResponse, error) {
	p.calls++
	if p.down {
		return nil, errors.New("away")
	}
	resp := &apiv1.ListKeysResponse{Keys: []*apiv1.JsonWebKey{{Kid: "short", Crv: "Ed25519", X: "AA"}, {Kid: "curve", Crv: "P-256", X: "AA"}}}
	for kid, key := range p.keys {
		resp.Keys = append(resp.Keys, &apiv1.JsonWebKey{Kid: kid, Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(key)})
	}
	return resp, nil
}

func TestKeyFetchesAreCachedAndBounded(t *testing.T) {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, clock := &keyPublisher{keys: map[string]ed25519.PublicKey{"a": public}}, clockwork.NewFakeClock()
	source := newKeySource(p, clock)
	want := func(kid string, known bool, asked int) {
		t.Helper()
		key, err := source.PublicKey(t.Context(), kid)
		if err != nil || (key != nil) != known || p.calls != asked {
			t.Errorf("%s: known %v, %d calls, %v; want %v, %d", kid, key != nil, p.calls, err, known, asked)
		}
	}
	want("a", true, 1)
	want("a", true, 1)
	for range 100 {
		want("anything", false, 1) // A client can't force repeated fetches.
	}
	want("short", false, 1)
	want("curve", false, 1)
	p.keys["b"] = public
	clock.Advance(keysRefetchAfter)
	want("b", true, 2)
	clock.Advance(keysFreshFor)
	want("a", true, 3)
	p.down = true
	clock.Advance(keysFreshFor)
	want("a", true, 4)
	for range 100 { // While the service is unavailable, calls do not wait for it repeatedly either.
		want("a", true, 4)
		if _, err := source.PublicKey(t.Context(), "c"); err == nil || p.calls != 4 {
			t.Fatalf("an unavailable publisher is reported as an unknown key: %v, %d calls", err, p.calls)
		}
	}
	p.down = false
	clock.Advance(keysRefetchAfter)
	want("c", false, 5)
}
