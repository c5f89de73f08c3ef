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

// file and server are the URLs of databases that are the test's alone.
func file(t *testing.T) string   { return "sqlite://" + filepath.Join(t.TempDir(), "api.db") }
func server(t *testing.T) string { return testserver.Database(t, "api", postgres.Migrate) }

// engines runs a test with a service on each engine.
func engines(t *testing.T, f func(*testing.T, *Service)) {
	for name, url := range map[string]func(*testing.T) string{"sqlite": file, "postgres": server} {
		t.Run(name, func(t *testing.T) { f(t, replica(t, url(t), clockwork.NewFakeClock())) })
	}
}

// interrupted is a store in which something else happens behind what is read next: outside of transactions, or of a player or a
// device in one.
type interrupted struct {
	store.Store
	behindRead, behindPlayer, behindDevice func()
}

func interrupt(s *Service) *interrupted {
	s.keeper.loop.Stop() // It reads too.
	i := &interrupted{Store: s.store}
	s.store = i
	return i
}

func once(f *func()) {
	if do := *f; do != nil {
		*f = nil
		do()
	}
}

func (i *interrupted) Read(ctx context.Context, f func(store.Tx) error) error {
	defer once(&i.behindRead)
	return i.Store.Read(ctx, f)
}

func (i *interrupted) Write(ctx context.Context, f func(store.Tx) error) error {
	return i.Store.Write(ctx, func(tx store.Tx) error { return f(interruptedTx{tx, i}) })
}

type interruptedTx struct {
	store.Tx
	by *interrupted
}

func (t interruptedTx) Player(ctx context.Context, id uuid.UUID) (player.Player, error) {
	defer once(&t.by.behindPlayer)
	return t.Tx.Player(ctx, id)
}

func (t interruptedTx) DeviceByKey(ctx context.Context, key ed25519.PublicKey) (device.Device, error) {
	defer once(&t.by.behindDevice)
	return t.Tx.DeviceByKey(ctx, key)
}

// beside returns what starts f in the middle of a transaction, and goes on when f is done or waits for the transaction; and what
// waits for the end of f.
func beside(t *testing.T, url string, f func() error) (start, end func()) {
	done := make(chan error, 1)
	start = func() {
		go func() { done <- f() }()
		testserver.Eventually(t, "an end or a wait", func() bool { return len(done) > 0 || waits(t, url) })
	}
	return start, func() { must(t, <-done) }
}

// waits reports whether a transaction waits for another one.
func waits(t *testing.T, url string) (waiting bool) {
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

// second is the error of a call whose answer is not looked at.
func second[R any](_ R, err error) error { return err }

// newGuest makes a guest, and returns the caller that the guest is.
func newGuest(t *testing.T, s *Service) (identity.Caller, *apiv1.CreateGuestResponse) {
	t.Helper()
	guest, err := (&playerServer{Service: s}).CreateGuest(t.Context(), &apiv1.CreateGuestRequest{})
	must(t, err)
	return identity.Caller{Player: uuid.MustParse(guest.GetPlayerId()), Session: uuid.MustParse(guest.GetSessionId())}, guest
}

// newKey makes a device's key.
func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	return key
}

// meet asks for a challenge and meets it.
func meet(t *testing.T, s *Service, key ed25519.PrivateKey) *apiv1.DeviceProof {
	t.Helper()
	public, _ := key.Public().(ed25519.PublicKey)
	asked, err := (&deviceServer{Service: s}).CreateChallenge(t.Context(), &apiv1.CreateChallengeRequest{PublicKey: public})
	must(t, err)
	p := device.Proof{PublicKey: public, Challenge: asked.GetChallenge()}
	for n := uint64(0); p.Work() < int(asked.GetDifficulty()); n++ {
		p.Nonce = binary.BigEndian.AppendUint64(nil, n)
	}
	return &apiv1.DeviceProof{PublicKey: public, Challenge: p.Challenge, Nonce: p.Nonce, Signature: ed25519.Sign(key, p.Message())}
}
