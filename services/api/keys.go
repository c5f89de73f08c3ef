package api

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/telemetry"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// keyring caches the signing keys, newest first, as of this replica's last rotateKeys.
type keyring struct{ keys atomic.Pointer[[]signing.Key] }

func (k *keyring) all() []signing.Key {
	if keys := k.keys.Load(); keys != nil {
		return *keys
	}
	return nil
}

// signer returns the key that signs at a time.
func (k *keyring) signer(now time.Time) (signing.Key, error) {
	key, ok := signing.Signer(k.all(), now)
	if !ok {
		return signing.Key{}, errors.New("no key signs yet")
	}
	return key, nil
}

// rotateKeys adds a key if one is due, removes keys of which no token is still valid, and caches the result.
func (s *Service) rotateKeys(ctx context.Context) error {
	now := s.now()
	var keys []signing.Key
	err := s.store.Read(ctx, func(tx store.Tx) (err error) { keys, err = tx.Keys(ctx); return err })
	if err != nil {
		return err
	}
	if due, _, retired := signing.Due(keys, now, s.auth.KeyTTL); due || len(retired) > 0 {
		err = s.store.Write(ctx, func(tx store.Tx) (err error) { keys, err = s.rotateKeysLocked(ctx, tx, now); return err })
		if err == nil {
			telemetry.Audit(s.logger).InfoContext(ctx, "the signing keys changed", "newest", keys[0].ID, "signs_from", keys[0].SignsFrom, "forgotten", retired)
		}
	}
	if err == nil {
		s.keyring.keys.Store(&keys)
	}
	return err
}

// rotateKeysLocked does the work of rotateKeys in a transaction that other replicas wait for.
func (s *Service) rotateKeysLocked(ctx context.Context, tx store.Tx, now time.Time) ([]signing.Key, error) {
	keys, err := tx.Keys(ctx)
	if err != nil {
		return nil, err
	}
	due, signsFrom, retired := signing.Due(keys, now, s.auth.KeyTTL)
	if due {
		_, private, err := ed25519.GenerateKey(s.random)
		if err != nil {
			return nil, err
		}
		key := signing.Key{ID: uuid.NewString(), Private: private, CreatedAt: now, SignsFrom: signsFrom,
			TokenLife: max(s.auth.AccessTokenTTL, device.ChallengeLife)} // It seals challenges too.
		if err := tx.AddKey(ctx, key); err != nil {
			return nil, err
		}
		keys = slices.Insert(keys, 0, key)
	}
	for _, id := range retired {
		if err := tx.RemoveKey(ctx, id); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(keys, func(k signing.Key) bool { return slices.Contains(retired, k.ID) }), nil
}

// jwksServer implements the contract of the public key set (JWKS).
type jwksServer struct {
	apiv1.UnimplementedKeyServiceServer
	*Service
}

// ListKeys implements the contract.
func (s *jwksServer) ListKeys(context.Context, *apiv1.ListKeysRequest) (*apiv1.ListKeysResponse, error) {
	resp := &apiv1.ListKeysResponse{}
	for _, key := range s.keyring.all() {
		public, _ := key.Private.Public().(ed25519.PublicKey)
		resp.Keys = append(resp.Keys, &apiv1.JsonWebKey{Kty: "OKP", Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public),
			Kid: key.ID, Alg: "EdDSA", Use: "sig"})
	}
	return resp, nil
}
