package api

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io"

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

// maxDevices is how many devices a player has.
const maxDevices = 20

// deviceServer implements the contract of devices.
type deviceServer struct {
	apiv1.UnimplementedDeviceServiceServer
	*Service
}

// challengeSecret is what seals challenges while a key signs; every replica finds it.
func challengeSecret(key signing.Key) []byte {
	secret, err := hkdf.Key(sha256.New, key.Private.Seed(), nil, "bitcraps device challenges v1", sha256.Size)
	if err != nil {
		panic(err) // It fails for lengths that are not ours.
	}
	return secret
}

// CreateChallenge implements the contract.
func (s *deviceServer) CreateChallenge(_ context.Context, req *apiv1.CreateChallengeRequest) (*apiv1.CreateChallengeResponse, error) {
	if err := device.CheckKey(req.GetPublicKey()); err != nil {
		return nil, badKey()
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

func badKey() error {
	return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "this is no usable Ed25519 key; make one with a library for it").
		Field("public_key", "must be a point of the group in its canonical form, and not of small order")
}

// proven is a proof that holds.
type proven struct {
	device.Proof
	challenge device.Challenge
	hash      [sha256.Size]byte
}

// prove checks a proof. Whether it is new says use.
func (s *Service) prove(sent *apiv1.DeviceProof) (p proven, err error) {
	var secrets [][]byte
	for _, key := range s.keyring.all() {
		secrets = append(secrets, challengeSecret(key))
	}
	p.Proof = device.Proof{PublicKey: sent.GetPublicKey(), Challenge: sent.GetChallenge(), Nonce: sent.GetNonce(), Signature: sent.GetSignature()}
	switch p.challenge, p.hash, err = p.Check(secrets, s.now()); {
	case errors.Is(err, device.ErrWork):
		return p, errs.New(errorsv1.Reason_REASON_WORK_INSUFFICIENT, "the work's hash has %d leading zero bits and needs %d; try further nonces", p.Work(), p.challenge.Difficulty)
	case errors.Is(err, device.ErrBadKey):
		return p, badKey()
	case errors.Is(err, device.ErrChallenge):
		return p, challengeFailed()
	}
	return p, err
}

func challengeFailed() error {
	return errs.New(errorsv1.Reason_REASON_CHALLENGE_FAILED, "the challenge is not good, or its signature; ask for a new one at /api/v1/devices/challenges")
}

// use marks the proof's challenge as used, and fails where it was.
func (p proven) use(ctx context.Context, tx store.Tx) error {
	fresh, err := tx.UseChallenge(ctx, p.hash, p.challenge.Expires)
	if err == nil && !fresh {
		err = challengeFailed()
	}
	return err
}

// device is the proof's device as a player's.
func (s *Service) device(p proven, owner uuid.UUID, client string) (device.Device, error) {
	id, err := uuid.NewV7()
	return device.Device{ID: id, Player: owner, PublicKey: p.PublicKey, Client: client, CreatedAt: s.now()}, err
}

// SignInWithDevice implements the contract.
func (s *deviceServer) SignInWithDevice(ctx context.Context, req *apiv1.SignInWithDeviceRequest) (*apiv1.SignInWithDeviceResponse, error) {
	proof, err := s.prove(req.GetProof())
	if err != nil {
		return nil, err
	}
	var who player.Player
	var begun session.Session
	var refresh session.Token
	err = s.store.Write(ctx, func(tx store.Tx) error {
		if err := proof.use(ctx, tx); err != nil {
			return err
		}
		var with device.Device
		if with, who, err = s.owner(ctx, tx, proof, req.GetClient()); err != nil {
			return err
		}
		begun, refresh, err = s.begin(ctx, tx, who.ID, apiv1.SignInMethod_SIGN_IN_METHOD_DEVICE, with.ID, req.GetClient())
		return err
	})
	if err != nil {
		return nil, err
	}
	credentials, err := s.credentials(begun, refresh, who.Role)
	return &apiv1.SignInWithDeviceResponse{Credentials: credentials}, err
}

// owner is the player of a device, who is new where the device is.
func (s *Service) owner(ctx context.Context, tx store.Tx, proof proven, client string) (device.Device, player.Player, error) {
	known, err := tx.DeviceByKey(ctx, proof.PublicKey)
	if errors.Is(err, device.ErrNotFound) {
		newcomer, err := s.newPlayer(apiv1.PlayerKind_PLAYER_KIND_DEVICE)
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
		with, err := s.device(proof, newcomer.ID, client)
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
		added, err := tx.AddDevice(ctx, with)
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
		if added {
			return with, newcomer, tx.AddPlayer(ctx, newcomer)
		}
		known, err = tx.DeviceByKey(ctx, proof.PublicKey) // Its other sign-in was first.
		if err != nil {
			return device.Device{}, player.Player{}, err
		}
	}
	if err != nil {
		return device.Device{}, player.Player{}, err
	}
	who, err := present(ctx, tx, known.Player)
	if err != nil {
		return device.Device{}, player.Player{}, err
	}
	still, err := tx.DeviceByKey(ctx, proof.PublicKey)
	if errors.Is(err, device.ErrNotFound) || err == nil && still.ID != known.ID {
		err = challengeFailed() // It was removed before the player was waited for. Asked again, it is a new device.
	}
	return still, who, err
}

// AddDevice implements the contract.
func (s *deviceServer) AddDevice(ctx context.Context, req *apiv1.AddDeviceRequest) (*apiv1.AddDeviceResponse, error) {
	caller := identity.FromContext(ctx)
	proof, err := s.prove(req.GetProof())
	if err != nil {
		return nil, err
	}
	with, err := s.device(proof, caller.Player, req.GetClient())
	if err != nil {
		return nil, err
	}
	err = s.store.Write(ctx, func(tx store.Tx) error {
		if err := proof.use(ctx, tx); err != nil { // Before the player, as whoever signs in by it does.
			return err
		}
		return s.addDevice(ctx, tx, caller, with)
	})
	if err != nil {
		return nil, err
	}
	return &apiv1.AddDeviceResponse{Device: renderDevice(with)}, nil
}

func (s *Service) addDevice(ctx context.Context, tx store.Tx, caller identity.Caller, with device.Device) error {
	who, err := s.signedIn(ctx, tx, caller)
	if err != nil {
		return err
	}
	all, err := tx.Devices(ctx, who.ID)
	if err != nil {
		return err
	}
	if len(all) >= maxDevices {
		return errs.New(errorsv1.Reason_REASON_TOO_MANY_CREDENTIALS, "you have %d devices, and nobody has more; remove one", len(all))
	}
	added, err := tx.AddDevice(ctx, with)
	if err != nil {
		return err
	}
	if !added {
		return errs.New(errorsv1.Reason_REASON_DEVICE_TAKEN, "the device signs in as a player already; sign in with it, and remove it there")
	}
	if who.Kind == apiv1.PlayerKind_PLAYER_KIND_GUEST {
		who.Kind = apiv1.PlayerKind_PLAYER_KIND_DEVICE
		return tx.SavePlayer(ctx, who)
	}
	return nil
}

func renderDevice(d device.Device) *apiv1.Device {
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
			all[i] = renderDevice(d)
		}
		return err
	})
	return all, err
}

// RemoveDevice implements the contract.
func (s *deviceServer) RemoveDevice(ctx context.Context, req *apiv1.RemoveDeviceRequest) (*apiv1.RemoveDeviceResponse, error) {
	caller, id := identity.FromContext(ctx), uuid.MustParse(req.GetDeviceId()) // The contract has its form.
	err := s.store.Write(ctx, func(tx store.Tx) error {
		if err := lock(ctx, tx, caller.Player); err != nil {
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
			if err := s.live(ctx, tx, caller); err != nil { // Who lost the only device has no other way in.
				return err
			}
			if _, err := s.endChosen(ctx, tx, caller.Player, func(one session.Session) bool { return one.Credential == id }); err != nil {
				return err
			}
			if err := tx.RemoveDevice(ctx, id); err != nil {
				return err
			}
			return s.notLockedOut(ctx, tx, caller.Player)
		}
		return errs.New(errorsv1.Reason_REASON_DEVICE_NOT_FOUND, "you have no device %s; GET /api/v1/devices lists yours", id)
	})
	return &apiv1.RemoveDeviceResponse{}, err
}

// notLockedOut fails where neither a session goes on nor another can begin. Keys can't link what would begin one.
func (s *Service) notLockedOut(ctx context.Context, tx store.Tx, id uuid.UUID) error {
	live, err := tx.LiveSessions(ctx, id, s.now())
	if err != nil || count(live, isKey) < len(live) {
		return err
	}
	return signsInAgain(ctx, tx, id)
}
