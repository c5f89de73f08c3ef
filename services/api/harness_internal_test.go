package api

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jonboulle/clockwork"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/testserver"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/store"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// sqliteURL and postgresURL return the URL of a new database for the test.
func sqliteURL(t *testing.T) string   { return "sqlite://" + filepath.Join(t.TempDir(), "api.db") }
func postgresURL(t *testing.T) string { return testserver.Database(t, "api", postgres.Migrate) }

// forEachEngine runs a test with a service on each engine.
func forEachEngine(t *testing.T, f func(*testing.T, *Service)) {
	for name, url := range map[string]func(*testing.T) string{"sqlite": sqliteURL, "postgres": postgresURL} {
		t.Run(name, func(t *testing.T) { f(t, newReplica(t, url(t), clockwork.NewFakeClock())) })
	}
}

// hookedStore is a store that runs a hook, once, after the next Read, or after the next read of a player or a device in a transaction.
type hookedStore struct {
	store.Store
	afterRead, afterPlayer, afterDevice func()
}

func hookStore(s *Service) *hookedStore {
	s.maintenance.loop.Stop() // It would run the hooks.
	i := &hookedStore{Store: s.store}
	s.store = i
	return i
}

func runOnce(f *func()) {
	if do := *f; do != nil {
		*f = nil
		do()
	}
}

func (i *hookedStore) Read(ctx context.Context, f func(store.Tx) error) error {
	defer runOnce(&i.afterRead)
	return i.Store.Read(ctx, f)
}

func (i *hookedStore) Write(ctx context.Context, f func(store.Tx) error) error {
	return i.Store.Write(ctx, func(tx store.Tx) error { return f(hookedTx{tx, i}) })
}

type hookedTx struct {
	store.Tx
	hooks *hookedStore
}

func (t hookedTx) Player(ctx context.Context, id uuid.UUID) (player.Player, error) {
	defer runOnce(&t.hooks.afterPlayer)
	return t.Tx.Player(ctx, id)
}

func (t hookedTx) DeviceByKey(ctx context.Context, key ed25519.PublicKey) (device.Device, error) {
	defer runOnce(&t.hooks.afterDevice)
	return t.Tx.DeviceByKey(ctx, key)
}

// runConcurrently returns start, which starts f in the middle of a transaction and returns when f is done or waits for the
// transaction, and end, which waits for the end of f.
func runConcurrently(t *testing.T, url string, f func() error) (start, end func()) {
	done := make(chan error, 1)
	start = func() {
		go func() { done <- f() }()
		testserver.Eventually(t, "the end of the call or a lock wait", func() bool { return len(done) > 0 || lockWaited(t, url) })
	}
	return start, func() { must(t, <-done) }
}

// lockWaited reports whether any transaction waits for a lock.
func lockWaited(t *testing.T, url string) (waiting bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	must(t, conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting))
	return waiting
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// errorOf is the error of a call whose answer does not matter.
func errorOf[R any](_ R, err error) error { return err }

// newGuest creates a guest, and returns it as a caller.
func newGuest(t *testing.T, s *Service) (identity.Caller, *apiv1.CreateGuestResponse) {
	t.Helper()
	guest, err := (&playerServer{Service: s}).CreateGuest(t.Context(), &apiv1.CreateGuestRequest{})
	must(t, err)
	return identity.Caller{Player: uuid.MustParse(guest.GetPlayerId()), Session: uuid.MustParse(guest.GetSessionId())}, guest
}

// newDeviceKey generates a device's key.
func newDeviceKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	return key
}

// solveChallenge requests a challenge and answers it.
func solveChallenge(t *testing.T, s *Service, key ed25519.PrivateKey) *apiv1.DeviceProof {
	t.Helper()
	public, _ := key.Public().(ed25519.PublicKey)
	created, err := (&deviceServer{Service: s}).CreateChallenge(t.Context(), &apiv1.CreateChallengeRequest{PublicKey: public})
	must(t, err)
	p := device.Proof{PublicKey: public, Challenge: created.GetChallenge()}
	for n := uint64(0); p.Work() < int(created.GetDifficulty()); n++ {
		p.Nonce = binary.BigEndian.AppendUint64(nil, n)
	}
	return &apiv1.DeviceProof{PublicKey: public, Challenge: p.Challenge, Nonce: p.Nonce, Signature: ed25519.Sign(key, p.Message())}
}
