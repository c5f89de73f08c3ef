package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bitcraps/bitcraps/libs/ratelimit"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// Rate is how often something may be called.
type Rate struct {
	PerMinute int `koanf:"per_minute" jsonschema:"minimum=1,maximum=6000000" jsonschema_description:"calls in a minute in the long run"`
	Burst     int `koanf:"burst" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"calls at once"`
}

func (r Rate) limit() ratelimit.Limit {
	return ratelimit.Limit{Rate: r.PerMinute, Period: time.Minute, Burst: r.Burst}
}

// Rates bound how often clients call. Each kind of call is counted for itself.
type Rates struct {
	Address Rate `koanf:"address" jsonschema_description:"all calls from one address; many players may share it"`
	Guest   Rate `koanf:"guest" jsonschema_description:"new guests from one address, and sessions that are refreshed"`
	SignIn  Rate `koanf:"sign_in" jsonschema_description:"attempts from one address to sign in, challenges, and mails that are asked for"`
	Create  Rate `koanf:"create" jsonschema_description:"games that a player creates, and whatever else no other rate is for"`
	Join    Rate `koanf:"join" jsonschema_description:"games that a player joins and leaves"`
	Bet     Rate `koanf:"bet" jsonschema_description:"calls by which a player places, changes and takes back bets; a batch is one"`
	Roll    Rate `koanf:"roll" jsonschema_description:"rolls and passes of a player"`
	Read    Rate `koanf:"read" jsonschema_description:"what a player reads, and an address without a player"`
}

// defaultRates are far beyond what people do, and bear a load test from one address: they stop loops, not players.
func defaultRates() Rates {
	return Rates{
		Address: Rate{PerMinute: 1_200_000, Burst: 40_000},
		Guest:   Rate{PerMinute: 60_000, Burst: 5000},
		SignIn:  Rate{PerMinute: 600, Burst: 300},
		Create:  Rate{PerMinute: 600, Burst: 200},
		Join:    Rate{PerMinute: 600, Burst: 200},
		Bet:     Rate{PerMinute: 60_000, Burst: 2000},
		Roll:    Rate{PerMinute: 6000, Burst: 500},
		Read:    Rate{PerMinute: 60_000, Burst: 2000},
	}
}

// The kinds of calls, as clients see them in headers and operators in metrics. They are the keys under limits.rates.
const (
	rateAddress = "address"
	rateGuest   = "guest"
	rateSignIn  = "sign_in"
	rateCreate  = "create"
	rateJoin    = "join"
	rateBet     = "bet"
	rateRoll    = "roll"
	rateRead    = "read"
)

func (r Rates) byKind() map[string]Rate {
	return map[string]Rate{rateAddress: r.Address, rateGuest: r.Guest, rateSignIn: r.SignIn, rateCreate: r.Create, rateJoin: r.Join, rateBet: r.Bet, rateRoll: r.Roll, rateRead: r.Read}
}

func (r Rates) validate() (err error) {
	for kind, rate := range r.byKind() {
		if broken := rate.limit().Validate(); broken != nil {
			err = errors.Join(err, fmt.Errorf("limits.rates.%s: %w", kind, broken))
		}
	}
	return err
}

// callKinds are which rates calls count for, by their gRPC names.
var callKinds = map[string]string{
	apiv1.PlayerService_CreateGuest_FullMethodName:     rateGuest,
	apiv1.SessionService_RefreshSession_FullMethodName: rateGuest,

	apiv1.DeviceService_CreateChallenge_FullMethodName:  rateSignIn,
	apiv1.DeviceService_SignInWithDevice_FullMethodName: rateSignIn,
	apiv1.DeviceService_AddDevice_FullMethodName:        rateSignIn,
	apiv1.AccountService_SignIn_FullMethodName:          rateSignIn,
	apiv1.AccountService_LinkEmail_FullMethodName:       rateSignIn,
	apiv1.AccountService_ConfirmEmail_FullMethodName:    rateSignIn,
	apiv1.AccountService_ChangePassword_FullMethodName:  rateSignIn,
	apiv1.AccountService_ForgotPassword_FullMethodName:  rateSignIn,
	apiv1.AccountService_ResetPassword_FullMethodName:   rateSignIn,

	gamev1.GameService_JoinGame_FullMethodName:    rateJoin,
	gamev1.GameService_LeaveGame_FullMethodName:   rateJoin,
	gamev1.LobbyService_QuickSeat_FullMethodName:  rateJoin,
	gamev1.LobbyService_JoinByCode_FullMethodName: rateJoin,
	gamev1.LobbyService_PostChat_FullMethodName:   rateJoin,

	gamev1.GameService_PlaceBet_FullMethodName:  rateBet,
	gamev1.GameService_PlaceBets_FullMethodName: rateBet,
	gamev1.GameService_UpdateBet_FullMethodName: rateBet,
	gamev1.GameService_RemoveBet_FullMethodName: rateBet,

	gamev1.GameService_RollDice_FullMethodName: rateRoll,
	gamev1.GameService_PassDice_FullMethodName: rateRoll,
}

// kindOf is which rate a route's calls count for.
func kindOf(route Route) string {
	if kind, ok := callKinds[route.RPC]; ok {
		return kind
	}
	if route.Method == http.MethodGet {
		return rateRead
	}
	return rateCreate // The tightest, so that a call which is new here is not the loosest.
}
