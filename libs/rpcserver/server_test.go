package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/memnet"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger answers GetWallet by a function of the test.
type ledger struct {
	gamev1.UnimplementedLedgerServiceServer
	getWallet func(context.Context) (*gamev1.GetWalletResponse, error)
}

func (l *ledger) GetWallet(ctx context.Context, _ *gamev1.GetWalletRequest) (*gamev1.GetWalletResponse, error) {
	return l.getWallet(ctx)
}

type bench struct {
	tel  *telemetry.Telemetry
	logs *bytes.Buffer
	net  *memnet.Network
}

// serve starts a server in memory that answers GetWallet with the handler.
func serve(t testing.TB, handler func(context.Context) (*gamev1.GetWalletResponse, error)) *bench {
	t.Helper()
	b := &bench{tel: telemetry.Discard(), logs: &bytes.Buffer{}, net: memnet.New()}
	b.tel.Logger = slog.New(slog.NewJSONHandler(b.logs, nil))
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, b.tel.For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	gamev1.RegisterLedgerServiceServer(server, &ledger{getWallet: handler})
	done := make(chan error, 1)
	listener := b.net.Listen("game")
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := errors.Join(server.Stop(ctx), <-done); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return b
}

func (b *bench) dial(t testing.TB, self string) *grpc.ClientConn {
	t.Helper()
	conn, err := rpcclient.New(self, rpcclient.Target{Service: identity.Game, Contracts: []string{"bitcraps.game.v1.LedgerService"}},
		rpcclient.Config{Addresses: []string{"game"}, Timeout: 5 * time.Second}, mtls.Config{}, b.net.Dial, b.tel.For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func asPlayer(t testing.TB) context.Context {
	return identity.WithPlayer(t.Context(), uuid.Must(uuid.NewV7()))
}

func TestEveryResultIsCountedUnderItsCode(t *testing.T) {
	for name, tc := range map[string]struct {
		self    string
		handler func(context.Context) (*gamev1.GetWalletResponse, error)
		ctx     func(testing.TB) context.Context
		code    string
		reason  errorsv1.Reason
	}{
		"success": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) { return &gamev1.GetWalletResponse{}, nil },
			asPlayer, "200", errorsv1.Reason_REASON_UNSPECIFIED},
		"panic": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) { panic("the wallet fell down") },
			asPlayer, "500", errorsv1.Reason_REASON_INTERNAL},
		"internal error": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) {
			return nil, errors.New("the wallet fell down")
		},
			asPlayer, "500", errorsv1.Reason_REASON_INTERNAL},
		"wrapped reason": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) {
			return nil, fmt.Errorf("x: %w", errs.New(errorsv1.Reason_REASON_GAME_FULL, "full"))
		}, asPlayer, "409", errorsv1.Reason_REASON_GAME_FULL},
		"caller is not allowed": {identity.Consensus, nil, asPlayer, "403", errorsv1.Reason_REASON_CALLER_NOT_ALLOWED},
		"no player":             {identity.API, nil, testing.TB.Context, "401", errorsv1.Reason_REASON_CREDENTIALS_MISSING},
		"deadline of the server": {identity.API, func(ctx context.Context) (*gamev1.GetWalletResponse, error) {
			return nil, fmt.Errorf("query: %w", context.DeadlineExceeded)
		}, asPlayer, "504", errorsv1.Reason_REASON_DEADLINE_EXCEEDED},
	} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, tc.handler)
			_, err := gamev1.NewLedgerServiceClient(b.dial(t, tc.self)).GetWallet(tc.ctx(t), &gamev1.GetWalletRequest{})
			if got := errs.Reason(err); got != tc.reason {
				t.Errorf("reason = %s (%v), want %s", got, err, tc.reason)
			}
			if err != nil && strings.Contains(err.Error(), "fell down") {
				t.Errorf("the caller sees the insides: %v", err)
			}
			if tc.reason == errorsv1.Reason_REASON_INTERNAL && !strings.Contains(b.logs.String(), "fell down") {
				t.Errorf("the log lacks the cause: %s", b.logs)
			}
			if failed := tc.code >= "500"; failed != strings.Contains(b.logs.String(), fmt.Sprintf(`"status":%s,`, tc.code)) {
				t.Errorf("status %s: the log is %s", tc.code, b.logs)
			}
			const method = "/bitcraps.game.v1.LedgerService/GetWallet"
			want := fmt.Sprintf(`
# HELP bitcraps_requests_total Requests answered over REST and gRPC, by method, endpoint and HTTP status.
# TYPE bitcraps_requests_total counter
bitcraps_requests_total{code="%s",endpoint="grpc",method="%s",replica="0",service="test"} 1
`, tc.code, method)
			if tc.reason != errorsv1.Reason_REASON_UNSPECIFIED {
				severity := "warning"
				if tc.code >= "500" {
					severity = "critical"
				}
				want += fmt.Sprintf(`
# HELP bitcraps_errors_total Requests that failed, by reason; warning is the caller's fault, critical is ours.
# TYPE bitcraps_errors_total counter
bitcraps_errors_total{replica="0",service="test",severity="%s",type="%s"} 1
`, severity, errs.Name(tc.reason))
			}
			if err := testutil.GatherAndCompare(b.tel.Registry, strings.NewReader(want), "bitcraps_requests_total", "bitcraps_errors_total"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHiddenCauseOfFullStorageIsLogged(t *testing.T) {
	b := serve(t, func(context.Context) (*gamev1.GetWalletResponse, error) {
		return nil, fmt.Errorf("wallet: %w", errs.StorageFull("/secret/game.db", errors.New("no room for a page")))
	})
	_, err := gamev1.NewLedgerServiceClient(b.dial(t, identity.API)).GetWallet(asPlayer(t), &gamev1.GetWalletRequest{})
	if errs.Reason(err) != errorsv1.Reason_REASON_STORAGE_FULL || status.Code(err) != codes.Unavailable || errs.HTTPStatus(err) != 503 {
		t.Errorf("err = %v", err)
	}
	if strings.Contains(err.Error(), "secret") || !strings.Contains(b.logs.String(), "/secret/game.db: no room for a page") {
		t.Errorf("callers read %q and the log %q", err, b.logs)
	}
}

func TestContractsRulesAreEnforced(t *testing.T) {
	b := serve(t, nil)
	_, err := gamev1.NewLedgerServiceClient(b.dial(t, identity.Gateway)).ListEntries(asPlayer(t), &gamev1.ListEntriesRequest{PageSize: 101})
	if errs.Reason(err) != errorsv1.Reason_REASON_INVALID_FIELD || !strings.Contains(err.Error(), "page_size") {
		t.Errorf("err = %v", err)
	}
}

func TestCallersAndDeadlinesAreTransmitted(t *testing.T) {
	var caller identity.Caller
	var requestID string
	b := serve(t, func(ctx context.Context) (*gamev1.GetWalletResponse, error) {
		caller, requestID = identity.FromContext(ctx), telemetry.RequestID(ctx)
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the handler has no deadline")
		}
		return &gamev1.GetWalletResponse{}, nil
	})
	ctx := telemetry.WithRequestID(asPlayer(t), "r-1")
	if _, err := gamev1.NewLedgerServiceClient(b.dial(t, identity.API)).GetWallet(ctx, &gamev1.GetWalletRequest{}); err != nil {
		t.Fatal(err)
	}
	if want := (identity.Caller{Service: identity.API, Player: identity.FromContext(ctx).Player, Role: optionsv1.Role_ROLE_PLAYER}); caller != want {
		t.Errorf("caller = %+v, want %+v", caller, want)
	}
	if requestID != "r-1" {
		t.Errorf("request id = %q", requestID)
	}
}

func TestUnavailableIsRetriedOnlyWhereItIsSafe(t *testing.T) {
	calls := 0
	b := serve(t, func(context.Context) (*gamev1.GetWalletResponse, error) {
		calls++
		if calls < 3 {
			return nil, errs.New(errorsv1.Reason_REASON_UNAVAILABLE, "restarting")
		}
		return &gamev1.GetWalletResponse{}, nil
	})
	if _, err := gamev1.NewLedgerServiceClient(b.dial(t, identity.API)).GetWallet(asPlayer(t), &gamev1.GetWalletRequest{}); err != nil || calls != 3 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

func TestUnknownServiceIsRefused(t *testing.T) {
	b := serve(t, nil)
	err := b.dial(t, identity.API).Invoke(t.Context(), "/no.such.Service/Call", &gamev1.GetWalletRequest{}, &gamev1.GetWalletResponse{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("err = %v", err)
	}
}

func TestHealthIsOpenToAll(t *testing.T) {
	b := serve(t, nil)
	resp, err := healthpb.NewHealthClient(b.dial(t, "somebody")).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || resp.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("Check = %v, %v", resp, err)
	}
}

func TestOperatorsCallsAreAudited(t *testing.T) {
	b := serve(t, func(context.Context) (*gamev1.GetWalletResponse, error) { return &gamev1.GetWalletResponse{}, nil })
	if _, err := gamev1.NewLedgerServiceClient(b.dial(t, identity.API)).GetWallet(asPlayer(t), &gamev1.GetWalletRequest{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.logs.String(), `"audit":true`) {
		t.Errorf("a player's call is audited: %s", b.logs)
	}
	_, _ = gamev1.NewLedgerServiceClient(b.dial(t, identity.Operator)).AuditLedger(t.Context(), &gamev1.AuditLedgerRequest{})
	if log := b.logs.String(); !strings.Contains(log, `"audit":true`) || !strings.Contains(log, "LedgerService/AuditLedger") || !strings.Contains(log, `"status":501`) {
		t.Errorf("log: %s", log)
	}
}
