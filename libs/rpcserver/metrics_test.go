package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// TestCallersMakeNoSeries has 100,000 players call, each with its own request id, and some of the calls fail.
func TestCallersMakeNoSeries(t *testing.T) {
	const players = 100_000
	tel := telemetry.Discard()
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, tel.For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	calls := 0
	gamev1.RegisterLedgerServiceServer(server, &ledger{getWallet: func(context.Context) (*gamev1.GetWalletResponse, error) {
		if calls++; calls%2 == 0 {
			return nil, errors.New(uuid.NewString())
		}
		return &gamev1.GetWalletResponse{}, nil
	}})
	conn := rpcclient.NewLocal(identity.Gateway, server, rpcserver.Default().Timeout, nil)
	before := 0
	for i := range players {
		ctx := telemetry.WithRequestID(identity.WithPlayer(t.Context(), uuid.New()), fmt.Sprintf("request-%d", i))
		if err := conn.Invoke(ctx, gamev1.LedgerService_GetWallet_FullMethodName, &gamev1.GetWalletRequest{}, &gamev1.GetWalletResponse{}); (err != nil) != (i%2 == 1) {
			t.Fatal(err)
		}
		if i == 1 { // A success and a failure were seen.
			before = series(t, tel)
		}
	}
	if after := series(t, tel); before == 0 || after != before {
		t.Errorf("%d series became %d", before, after)
	}
}

func series(t *testing.T, tel *telemetry.Telemetry) int {
	t.Helper()
	n, err := testutil.GatherAndCount(tel.Registry)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
