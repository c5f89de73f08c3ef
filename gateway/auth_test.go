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

// publisher is an api service that publishes keys and counts how often it is asked.
type publisher struct {
	apiv1.KeyServiceClient
	keys  map[string]ed25519.PublicKey
	away  bool
	asked int
}

func (p *publisher) ListKeys(context.Context, *apiv1.ListKeysRequest, ...grpc.CallOption) (*apiv1.ListKeysResponse, error) {
	p.asked++
	if p.away {
		return nil, errors.New("away")
	}
	resp := &apiv1.ListKeysResponse{Keys: []*apiv1.JsonWebKey{{Kid: "short", Crv: "Ed25519", X: "AA"}, {Kid: "curve", Crv: "P-256", X: "AA"}}}
	for kid, key := range p.keys {
		resp.Keys = append(resp.Keys, &apiv1.JsonWebKey{Kid: kid, Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(key)})
	}
	return resp, nil
}

func TestKeysAreKeptAndFetchedWithinBounds(t *testing.T) {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, clock := &publisher{keys: map[string]ed25519.PublicKey{"a": public}}, clockwork.NewFakeClock()
	source := newKeySource(p, clock)
	want := func(kid string, known bool, asked int) {
		t.Helper()
		key, err := source.PublicKey(t.Context(), kid)
		if err != nil || (key != nil) != known || p.asked != asked {
			t.Errorf("%s: known %v, asked %d times, %v; want %v, %d", kid, key != nil, p.asked, err, known, asked)
		}
	}
	want("a", true, 1)
	want("a", true, 1)
	for range 100 {
		want("anything", false, 1) // A stranger can't make us ask again and again.
	}
	want("short", false, 1)
	want("curve", false, 1)
	p.keys["b"] = public
	clock.Advance(keysRefetchAfter)
	want("b", true, 2)
	clock.Advance(keysFreshFor)
	want("a", true, 3)
	p.away = true
	clock.Advance(keysFreshFor)
	want("a", true, 4)
	for range 100 { // While it is away nobody waits for it again and again either.
		want("a", true, 4)
		if _, err := source.PublicKey(t.Context(), "c"); err == nil || p.asked != 4 {
			t.Fatalf("an unreachable publisher looks like an unknown key: %v, asked %d times", err, p.asked)
		}
	}
	p.away = false
	clock.Advance(keysRefetchAfter)
	want("c", false, 5)
}
