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

// Rate limits how often something may be called.
type Rate struct {
	PerMinute int `koanf:"per_minute" jsonschema:"minimum=1,maximum=6000000" jsonschema_description:"sustained calls per minute"`
	Burst     int `koanf:"burst" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"maximum burst of calls"`
}

func (r Rate) limit() ratelimit.Limit {
	return ratelimit.Limit{Rate: r.PerMinute, Period: time.Minute, Burst: r.Burst}
}

// Rates limit how often clients may call. Each kind of call is counted separately.
type Rates struct {
	Address Rate `koanf:"address" jsonschema_description:"all calls from one address, which many players may share"`
	Guest   Rate `koanf:"guest" jsonschema_description:"new guests and session refreshes from one address"`
	SignIn  Rate `koanf:"sign_in" jsonschema_description:"sign-in attempts and challenges from one address"`
	Mail    Rate `koanf:"mail" jsonschema_description:"mails requested from one address, which may create any number of players"`
	Create  Rate `koanf:"create" jsonschema_description:"games created by a player, and all other calls that have no rate of their own"`
	Join    Rate `koanf:"join" jsonschema_description:"games joined and left by a player"`
	Bet     Rate `koanf:"bet" jsonschema_description:"calls of a player that place, change or remove bets; a batch counts as one call"`
	Roll    Rate `koanf:"roll" jsonschema_description:"rolls and passes of the dice by a player"`
	Read    Rate `koanf:"read" jsonschema_description:"reads of a player, or of an address without a player"`
}

// defaultRates are far above what people need and allow a load test from one address: they stop runaway clients, not players.
func defaultRates() Rates {
	return Rates{
		Address: Rate{PerMinute: 1_200_000, Burst: 40_000},
		Guest:   Rate{PerMinute: 60_000, Burst: 5000},
		SignIn:  Rate{PerMinute: 600, Burst: 300},
		Mail:    Rate{PerMinute: 60, Burst: 100}, // The burst is less than the api service queues.
		Create:  Rate{PerMinute: 600, Burst: 200},
		Join:    Rate{PerMinute: 600, Burst: 200},
		Bet:     Rate{PerMinute: 60_000, Burst: 2000},
		Roll:    Rate{PerMinute: 6000, Burst: 500},
		Read:    Rate{PerMinute: 60_000, Burst: 2000},
	}
}

// The kinds of calls, as they appear in clients' headers, in metrics, and as keys under limits.rates.
const (
	rateAddress = "address"
	rateGuest   = "guest"
	rateSignIn  = "sign_in"
	rateMail    = "mail"
	rateCreate  = "create"
	rateJoin    = "join"
	rateBet     = "bet"
	rateRoll    = "roll"
	rateRead    = "read"
)

func (r Rates) byKind() map[string]Rate {
	return map[string]Rate{rateAddress: r.Address, rateGuest: r.Guest, rateSignIn: r.SignIn, rateMail: r.Mail, rateCreate: r.Create, rateJoin: r.Join, rateBet: r.Bet, rateRoll: r.Roll, rateRead: r.Read}
}

func (r Rates) validate() (err error) {
	for kind, rate := range r.byKind() {
		if broken := rate.limit().Validate(); broken != nil {
			err = errors.Join(err, fmt.Errorf("limits.rates.%s: %w", kind, broken))
		}
	}
	return err
}

// rateKinds maps calls, by their full gRPC names, to the rates that they count against.
var rateKinds = map[string]string{
	apiv1.PlayerService_CreateGuest_FullMethodName:     rateGuest,
	apiv1.SessionService_RefreshSession_FullMethodName: rateGuest,

	apiv1.DeviceService_CreateChallenge_FullMethodName:  rateSignIn,
	apiv1.DeviceService_SignInWithDevice_FullMethodName: rateSignIn,
	apiv1.DeviceService_AddDevice_FullMethodName:        rateSignIn,
	apiv1.AccountService_SignIn_FullMethodName:          rateSignIn,
	apiv1.AccountService_LinkEmail_FullMethodName:       rateMail,
	apiv1.AccountService_ConfirmEmail_FullMethodName:    rateSignIn,
	apiv1.AccountService_ChangePassword_FullMethodName:  rateSignIn,
	apiv1.AccountService_ForgotPassword_FullMethodName:  rateMail,
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

// rateKind returns the rate that a route's calls count against.
func rateKind(route Route) string {
	if kind, ok := rateKinds[route.RPC]; ok {
		return kind
	}
	if route.Method == http.MethodGet {
		return rateRead
	}
	return rateCreate // The strictest rate is the default for new calls.
}
