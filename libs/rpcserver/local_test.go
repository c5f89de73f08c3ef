package rpcserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// dialLocal returns a server without connections, and a local connection to it.
func dialLocal(t testing.TB, self string, handler func(context.Context) (*gamev1.GetWalletResponse, error)) (*rpcserver.Server, gamev1.LedgerServiceClient) {
	t.Helper()
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.GRPC.Stop)
	gamev1.RegisterLedgerServiceServer(server, &ledger{getWallet: handler})
	return server, gamev1.NewLedgerServiceClient(rpcclient.NewLocal(self, server, 5*time.Second, nil))
}

func TestLocalCallEndsLikeOneByConnection(t *testing.T) {
	for name, tc := range map[string]struct {
		self    string
		handler func(context.Context) (*gamev1.GetWalletResponse, error)
		ctx     func(testing.TB) context.Context
	}{
		"answer": {identity.API, func(ctx context.Context) (*gamev1.GetWalletResponse, error) {
			return &gamev1.GetWalletResponse{Balance: int64(identity.FromContext(ctx).Player[15])}, nil
		}, asPlayer},
		"panic": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) { panic("the wallet fell down") }, asPlayer},
		"reason with details": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) {
			return nil, errs.New(errorsv1.Reason_REASON_GAME_FULL, "full").Field("game_id", "is full").WithMetadata("seats", 8).RetryAfter(time.Second)
		}, asPlayer},
		"hidden cause": {identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) {
			return nil, errs.New(errorsv1.Reason_REASON_GAME_FULL, "full").WithCause(errors.New("nine of eight"))
		}, asPlayer},
		"no player":             {identity.API, nil, testing.TB.Context},
		"caller is not allowed": {identity.Consensus, nil, asPlayer},
		"metadata of the caller stays its own": {identity.API, func(ctx context.Context) (*gamev1.GetWalletResponse, error) {
			if md, _ := metadata.FromOutgoingContext(ctx); len(md) > 0 {
				return nil, errors.New("the caller's metadata would go on")
			}
			return &gamev1.GetWalletResponse{}, nil
		}, asPlayer},
		"deadline": {identity.API, func(ctx context.Context) (*gamev1.GetWalletResponse, error) {
			if _, ok := ctx.Deadline(); !ok {
				return nil, errors.New("no deadline")
			}
			return nil, context.DeadlineExceeded
		}, asPlayer},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := tc.ctx(t)
			_, local := dialLocal(t, tc.self, tc.handler)
			remote := gamev1.NewLedgerServiceClient(serve(t, tc.handler).dial(t, tc.self))
			want, wantErr := remote.GetWallet(ctx, &gamev1.GetWalletRequest{})
			got, err := local.GetWallet(ctx, &gamev1.GetWalletRequest{})
			if got.GetBalance() != want.GetBalance() {
				t.Errorf("answer = %v, by connection %v", got, want)
			}
			if got, want := status.Convert(err).Proto().String(), status.Convert(wantErr).Proto().String(); got != want {
				t.Errorf("error = %s, by connection %s", got, want)
			}
		})
	}
}

func TestMessagesOfALocalCallAreCopies(t *testing.T) {
	kept := &gamev1.GetWalletResponse{Balance: 1}
	_, local := dialLocal(t, identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) { return kept, nil })
	got, err := local.GetWallet(asPlayer(t), &gamev1.GetWalletRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Balance = 2; kept.GetBalance() != 1 {
		t.Error("the caller changed what the server keeps")
	}
}

func TestStoppingServerWaitsForLocalCallsAndRefusesMore(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	server, local := dialLocal(t, identity.API, func(context.Context) (*gamev1.GetWalletResponse, error) {
		close(entered)
		<-leave
		return &gamev1.GetWalletResponse{}, nil
	})
	called, stopped := make(chan error, 1), make(chan error, 1)
	ctx := asPlayer(t)
	go func() {
		_, err := local.GetWallet(ctx, &gamev1.GetWalletRequest{})
		called <- err
	}()
	<-entered
	go func() { stopped <- server.Stop(ctx) }()
	select {
	case err := <-stopped:
		t.Fatalf("stopped under a running call: %v", err)
	case leave <- struct{}{}:
	}
	if err := errors.Join(<-called, <-stopped); err != nil {
		t.Error(err)
	}
	if _, err := local.GetWallet(ctx, &gamev1.GetWalletRequest{}); errs.Reason(err) != errorsv1.Reason_REASON_UNAVAILABLE {
		t.Errorf("a call after the stop: %v", err)
	}
}

func TestUnknownLocalMethodIsRefused(t *testing.T) {
	server, _ := dialLocal(t, identity.API, nil)
	err := rpcclient.NewLocal(identity.API, server, time.Second, nil).Invoke(t.Context(), "/bitcraps.game.v1.LedgerService/Rob", &gamev1.GetWalletRequest{}, &gamev1.GetWalletResponse{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("err = %v", err)
	}
}

// BenchmarkCall compares the ways to call a server of the same process.
func BenchmarkCall(b *testing.B) {
	answer := func(context.Context) (*gamev1.GetWalletResponse, error) { return &gamev1.GetWalletResponse{}, nil }
	_, local := dialLocal(b, identity.API, answer)
	for name, client := range map[string]gamev1.LedgerServiceClient{
		"local": local, "memory": gamev1.NewLedgerServiceClient(serve(b, answer).dial(b, identity.API)),
	} {
		b.Run(name, func(b *testing.B) {
			ctx := asPlayer(b)
			for b.Loop() {
				if _, err := client.GetWallet(ctx, &gamev1.GetWalletRequest{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
