package api

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
)

// maxDevices is how many devices a player may have.
const maxDevices = 20

// deviceServer implements the contract of devices.
type deviceServer struct {
	apiv1.UnimplementedDeviceServiceServer
	*Service
}

// challengeSecret is the secret that seals challenges while a key signs. It is derived from the key, so every replica has it.
func challengeSecret(key signing.Key) []byte {
	secret, err := hkdf.Key(sha256.New, key.Private.Seed(), nil, "bitcraps device challenges v1", sha256.Size)
	if err != nil {
		panic(err) // It fails only for lengths that are too large.
	}
	return secret
}

// CreateChallenge implements the contract.
func (s *deviceServer) CreateChallenge(_ context.Context, req *apiv1.CreateChallengeRequest) (*apiv1.CreateChallengeResponse, error) {
	if err := device.CheckKey(req.GetPublicKey()); err != nil {
		return nil, invalidKey()
	}
	now := s.now()
	key, err := s.keyring.signer(now)
	if err != nil {
		return nil, err
	}
	challenge := device.Challenge{Expires: now.Add(device.ChallengeLife), Difficulty: s.auth.Difficulty}
	if _, err := io.ReadFull(s.random, challenge.Random[:]); err != nil {
		return nil, err
	}
	return &apiv1.CreateChallengeResponse{Challenge: challenge.Seal(challengeSecret(key), req.GetPublicKey()),
		Difficulty: int32(challenge.Difficulty), ExpiresAt: timestamppb.New(challenge.Expires)}, nil
}

func invalidKey() error {
	return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "not a usable Ed25519 key; generate one with an Ed25519 library").
		Field("public_key", "must be a point of the group in canonical form, and not of small order")
}

// verifiedProof is a valid proof. Its challenge may have been used before.
type verifiedProof struct {
	device.Proof
	challenge device.Challenge
	hash      [sha256.Size]byte
}

// verifyProof checks a proof. useChallenge then checks that it is not a replay.
func (s *Service) verifyProof(sent *apiv1.DeviceProof) (p verifiedProof, err error) {
	var secrets [][]byte
	for _, key := range s.keyring.all() {
		secrets = append(secrets, challengeSecret(key))
	}
	p.Proof = device.Proof{PublicKey: sent.GetPublicKey(), Challenge: sent.GetChallenge(), Nonce: sent.GetNonce(), Signature: sent.GetSignature()}
	switch p.challenge, p.hash, err = p.Check(secrets, s.now()); {
	case errors.Is(err, device.ErrWork):
		return p, errs.New(errorsv1.Reason_REASON_WORK_INSUFFICIENT, "the work's hash has %d leading zero bits and needs %d; try more nonces", p.Work(), p.challenge.Difficulty)
	case errors.Is(err, device.ErrBadKey):
		return p, invalidKey()
	case errors.Is(err, device.ErrChallenge):
		return p, challengeFailed()
	}
	return p, err
}

func challengeFailed() error {
	return errs.New(errorsv1.Reason_REASON_CHALLENGE_FAILED, "the challenge or its signature is not valid; request a new one at /api/v1/devices/challenges")
}

// useChallenge marks the proof's challenge as used, and fails if it was used before.
func (p verifiedProof) useChallenge(ctx context.Context, tx store.Tx) error {
	fresh, err := tx.UseChallenge(ctx, p.hash, p.challenge.Expires)
	if err == nil && !fresh {
		err = challengeFailed()
	}
	return err
}

// newDevice makes the device of a proof without storing it.
func (s *Service) newDevice(p verifiedProof, owner uuid.UUID, client string) (device.Device, error) {
	id, err := uuid.NewV7()
	return device.Device{ID: id, Player: owner, PublicKey: p.PublicKey, Client: client, CreatedAt: s.now()}, err
}

// SignInWithDevice implements the contract.
func (s *deviceServer) SignInWithDevice(ctx context.Context, req *apiv1.SignInWithDeviceRequest) (*apiv1.SignInWithDeviceResponse, error) {
	proof, err := s.verifyProof(req.GetProof())
	if err != nil {
		return nil, err
	}
	var owner player.Player
	var sess session.Session
	var refresh session.Token
	err = s.store.Write(ctx, func(tx store.Tx) error {
		if err := proof.useChallenge(ctx, tx); err != nil {
			return err
		}
		var dev device.Device
		if dev, owner, err = s.deviceOwner(ctx, tx, proof, req.GetClient()); err != nil {
			return err
		}
		sess, refresh, err = s.beginSession(ctx, tx, owner.ID, apiv1.SignInMethod_SIGN_IN_METHOD_DEVICE, dev.ID, req.GetClient())
		return err
	})
	if err != nil {
		return nil, err
	}
	credentials, err := s.newCredentials(sess, refresh, owner.Role)
	return &apiv1.SignInWithDeviceResponse{Credentials: credentials}, err
}

// deviceOwner returns the player of a device; a new device gets a new player.
func (s *Service) deviceOwner(ctx context.Context, tx store.Tx, proof verifiedProof, client string) (device.Device, player.Player, error) {
	existing, err := tx.DeviceByKey(ctx, proof.PublicKey)
	if errors.Is(err, device.ErrNotFound) {
		newcomer, err := s.newPlayer(apiv1.PlayerKind_PLAYER_KIND_DEVICE)
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
		dev, err := s.newDevice(proof, newcomer.ID, client)
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
		added, err := tx.AddDevice(ctx, dev)
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
		if added {
			return dev, newcomer, tx.AddPlayer(ctx, newcomer)
		}
		existing, err = tx.DeviceByKey(ctx, proof.PublicKey) // A concurrent sign-in of the device was first.
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
	}
	if err != nil {
		return device.Device{}, player.Player{}, err
	}
	owner, err := existingPlayer(ctx, tx, existing.Player)
	if err != nil {
		return device.Device{}, player.Player{}, err
	}
	current, err := tx.DeviceByKey(ctx, proof.PublicKey)
	if errors.Is(err, device.ErrNotFound) || err == nil && current.ID != existing.ID {
		err = challengeFailed() // It was removed while we waited for the player's lock. The next sign-in makes it a new device.
	}
	return current, owner, err
}

// AddDevice implements the contract.
func (s *deviceServer) AddDevice(ctx context.Context, req *apiv1.AddDeviceRequest) (*apiv1.AddDeviceResponse, error) {
	caller := identity.FromContext(ctx)
	proof, err := s.verifyProof(req.GetProof())
	if err != nil {
		return nil, err
	}
	dev, err := s.newDevice(proof, caller.Player, req.GetClient())
	if err != nil {
		return nil, err
	}
	var mine device.Device
	err = s.store.Write(ctx, func(tx store.Tx) error {
		fresh, err := tx.UseChallenge(ctx, proof.hash, proof.challenge.Expires) // Before the player's row, in the order of SignInWithDevice.
		if err != nil {
			return err
		}
		mine, err = s.addDevice(ctx, tx, caller, dev, fresh)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &apiv1.AddDeviceResponse{Device: deviceToProto(mine)}, nil
}

// addDevice adds a device to the caller's, unless it is one of them already, as it is where the answer to an earlier call was lost. The
// proof of such a call may be sent again; for a new device it must be fresh.
func (s *Service) addDevice(ctx context.Context, tx store.Tx, caller identity.Caller, dev device.Device, fresh bool) (device.Device, error) {
	owner, err := s.signedInPlayer(ctx, tx, caller)
	if err != nil {
		return dev, err
	}
	all, err := tx.Devices(ctx, owner.ID)
	if err != nil {
		return dev, err
	}
	if i := slices.IndexFunc(all, func(d device.Device) bool { return d.PublicKey.Equal(dev.PublicKey) }); i >= 0 {
		return all[i], nil
	}
	if !fresh {
		return dev, challengeFailed()
	}
	if len(all) >= maxDevices {
		return dev, errs.New(errorsv1.Reason_REASON_TOO_MANY_CREDENTIALS, "you have %d devices, which is the maximum; remove one", len(all))
	}
	added, err := tx.AddDevice(ctx, dev)
	if err != nil {
		return dev, err
	}
	if !added {
		return dev, errs.New(errorsv1.Reason_REASON_DEVICE_TAKEN, "the device already signs in as another player; sign in with it, and remove it there")
	}
	if owner.Kind == apiv1.PlayerKind_PLAYER_KIND_GUEST {
		owner.Kind = apiv1.PlayerKind_PLAYER_KIND_DEVICE
		return dev, tx.SavePlayer(ctx, owner)
	}
	return dev, nil
}

func deviceToProto(d device.Device) *apiv1.Device {
	return &apiv1.Device{DeviceId: d.ID.String(), Client: d.Client, PublicKey: d.PublicKey, CreatedAt: timestamppb.New(d.CreatedAt)}
}

// ListDevices implements the contract.
func (s *deviceServer) ListDevices(ctx context.Context, _ *apiv1.ListDevicesRequest) (*apiv1.ListDevicesResponse, error) {
	devices, err := s.devices(ctx, identity.FromContext(ctx).Player)
	return &apiv1.ListDevicesResponse{Devices: devices}, err
}

func (s *Service) devices(ctx context.Context, owner uuid.UUID) (all []*apiv1.Device, err error) {
	err = s.store.Read(ctx, func(tx store.Tx) error {
		found, err := tx.Devices(ctx, owner)
		all = make([]*apiv1.Device, len(found))
		for i, d := range found {
			all[i] = deviceToProto(d)
		}
		return err
	})
	return all, err
}

// RemoveDevice implements the contract.
func (s *deviceServer) RemoveDevice(ctx context.Context, req *apiv1.RemoveDeviceRequest) (*apiv1.RemoveDeviceResponse, error) {
	caller, id := identity.FromContext(ctx), uuid.MustParse(req.GetDeviceId()) // The contract has its form.
	err := s.store.Write(ctx, func(tx store.Tx) error {
		if err := lockPlayer(ctx, tx, caller.Player); err != nil {
			return err
		}
		all, err := tx.Devices(ctx, caller.Player)
		if err != nil {
			return err
		}
		for _, d := range all {
			if d.ID != id {
				continue
			}
			if err := s.requireLiveSession(ctx, tx, caller); err != nil { // Only now: a player without any other credential could not sign in again to see that it was removed.
				return err
			}
			if _, err := s.endSessionsWhere(ctx, tx, caller.Player, func(one session.Session) bool { return one.Credential == id }); err != nil {
				return err
			}
			if err := tx.RemoveDevice(ctx, id); err != nil {
				return err
			}
			return s.ensureNotLockedOut(ctx, tx, caller.Player)
		}
		return errs.New(errorsv1.Reason_REASON_DEVICE_NOT_FOUND, "you have no device %s; GET /api/v1/devices lists yours", id)
	})
	return &apiv1.RemoveDeviceResponse{}, err
}

// ensureNotLockedOut fails if the player has no live session and can't begin one. API keys don't count: they can't link a credential.
func (s *Service) ensureNotLockedOut(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	live, err := tx.LiveSessions(ctx, id, s.now())
	if err != nil || countSessions(live, isAPIKey) < len(live) {
		return err
	}
	return ensureCanSignIn(ctx, tx, id)
}
