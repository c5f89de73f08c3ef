package play

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/craps"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/calendar"
	"github.com/bitcraps/bitcraps/services/game/internal/ledger"
	"github.com/bitcraps/bitcraps/services/game/internal/protection"
)

// ErrNotFound is returned by stores for a record that does not exist.
var ErrNotFound = errors.New("play: not found")

// Store keeps games and their money. Every implementation passes the suite in internal/store/storetest.
type Store interface {
	// Update runs f in an isolated transaction, and makes its writes durable before it returns. Where f fails, the
	// transaction is rolled back. On a conflict with another transaction f runs again, so it must start from scratch each
	// time.
	Update(ctx context.Context, f func(Tx) error) error
	Reader
	// PruneRequests deletes up to limit requests from before a time and returns how many it deleted.
	PruneRequests(ctx context.Context, before time.Time, limit int) (int, error)
	// PruneScores deletes up to limit scores of a period that began before a time, and returns how many it deleted.
	PruneScores(ctx context.Context, period calendar.Period, before time.Time, limit int) (int, error)
}

// Key selects what Load reads for a turn.
type Key struct {
	// Game is the game's id; uuid.Nil for a turn without a game, which can only open its player's wallet.
	Game uuid.UUID
	// Player is whose live bets and wallet are loaded; uuid.Nil for nobody's.
	Player uuid.UUID
	// Wager limits the player's live bets to those on this wager and on the flat bet that it stands behind, which is what
	// placing a bet needs; nil loads all of them.
	Wager *craps.Wager
	// All loads everybody's live bets, and the wallets of their owners.
	All bool
}

// Loads reports whether the key loads a live bet of its game.
func (k Key) Loads(bet *Bet) bool {
	return k.All || bet.Player == k.Player && (k.Wager == nil || bet.Wager == k.Wager || bet.Wager == k.Wager.Behind)
}

// Tx is a transaction of a Store. Its methods work on sets, so that a group of commands costs little more than one.
type Tx interface {
	// Load returns a turn for each key, in their order; nil if the game does not exist. Keys of one game share a turn, and
	// all turns of a transaction share their Funds.
	Load(ctx context.Context, keys ...Key) ([]*Turn, error)
	// Save writes the changes of turns, and the transfers and changed protections of the Funds that all loaded turns share.
	Save(ctx context.Context, turns ...*Turn) error
	// Transfer moves money outside any game.
	Transfer(ctx context.Context, transfers ...ledger.Transfer) error
	// Balance returns an account's balance; ok is false if the account has no entry yet.
	Balance(ctx context.Context, account ledger.Account) (balance int64, ok bool, err error)
	// Bet returns a bet of any status, or ErrNotFound.
	Bet(ctx context.Context, id uuid.UUID) (*Bet, error)
	// Round returns a round, or ErrNotFound.
	Round(ctx context.Context, game uuid.UUID, number uint64) (*Round, error)
	// InPlay returns the total of a player's live bets. The player's wallet must be loaded. Changes that this transaction has not saved
	// are not included.
	InPlay(ctx context.Context, player uuid.UUID) (int64, error)
	// Member returns a player's standing at a game, the zero Member if there is none.
	Member(ctx context.Context, game, player uuid.UUID) (Member, error)
	// EraseChat removes the text from up to limit of a player's chat events at a game, and returns from how many. The events themselves
	// stay. The game must be loaded, and be saved afterwards.
	EraseChat(ctx context.Context, game, player uuid.UUID, limit int) (int, error)
	// ForgetScores deletes the scores of a player. It must be called after Save, which locks the player's wallet, so that no settlement
	// that began before adds to them.
	ForgetScores(ctx context.Context, player uuid.UUID) error
	// Requests returns the stored requests with the given keys; new ones are missing from the result. It must be called after Load,
	// whose locks, or whose check of what came from a cache, keep the same request from taking effect twice.
	Requests(ctx context.Context, keys ...RequestKey) (map[RequestKey]Request, error)
	// SaveRequests stores requests with their responses.
	SaveRequests(ctx context.Context, requests map[RequestKey]Request) error
}

// RequestKey identifies a player's call by its request id.
type RequestKey struct {
	Player uuid.UUID
	ID     string
}

// Request is the stored outcome of a call with a request id.
type Request struct {
	// Fingerprint is a hash of the call's parameters.
	Fingerprint []byte
	// Response is the serialized response.
	Response []byte
	At       time.Time
}

// Reader answers queries. A page continues after the last item of the previous one.
type Reader interface {
	// Game returns a game, or ErrNotFound.
	Game(ctx context.Context, id uuid.UUID) (*Game, error)
	// GameByCode returns the private game whose join code has that hash, or ErrNotFound.
	GameByCode(ctx context.Context, hash []byte) (uuid.UUID, error)
	// Member returns a player's standing at a game, the zero Member if there is none.
	Member(ctx context.Context, game, player uuid.UUID) (Member, error)
	// GamesWithPlayerData returns games that hold data of a player, in the order of the ids, after an id: open games where the player is
	// seated or is the host, and any game where the player has a standing or has posted chat messages.
	GamesWithPlayerData(ctx context.Context, player, after uuid.UUID, limit int) ([]uuid.UUID, error)
	// Leaders returns scores of a period, best first, after a score; the zero Score starts with the best.
	Leaders(ctx context.Context, key ScoreKey, after Score, limit int) ([]Score, error)
	// Scores returns a player's scores; periods in which no bet was decided are missing.
	Scores(ctx context.Context, player uuid.UUID, keys ...ScoreKey) ([]Score, error)
	// Rolls counts a game's latest rolls, at most limit of them, by total and call.
	Rolls(ctx context.Context, game uuid.UUID, limit int) ([]RollCount, error)
	// OpenGames returns open games that are not private, newest first, after an id; uuid.Nil starts with the newest.
	OpenGames(ctx context.Context, after uuid.UUID, limit int) ([]*Game, error)
	// OpenGamesWithSeats is OpenGames limited to games with a free seat.
	OpenGamesWithSeats(ctx context.Context, after uuid.UUID, limit int) ([]*Game, error)
	// Bets returns a player's bets at a game, newest first, after an id. The zero status means every status.
	Bets(ctx context.Context, game, player uuid.UUID, status gamev1.BetStatus, after uuid.UUID, limit int) ([]*Bet, error)
	// LiveBets returns every live bet of a game, in the order of their ids.
	LiveBets(ctx context.Context, game uuid.UUID) ([]*Bet, error)
	// Rounds returns a game's rounds, without their State and Bets, newest first, below a number; 0 starts with the newest.
	Rounds(ctx context.Context, game uuid.UUID, below uint64, limit int) ([]*Round, error)
	// Round returns a round, or ErrNotFound.
	Round(ctx context.Context, game uuid.UUID, number uint64) (*Round, error)
	// LatestSettledRound returns the round that was settled last, of any game, or ErrNotFound if there is none yet. It reads every
	// game.
	LatestSettledRound(ctx context.Context) (*Round, error)
	// Result returns what a settled round did to a player's bets, or ErrNotFound if the player had none.
	Result(ctx context.Context, game uuid.UUID, round uint64, player uuid.UUID) (Result, error)
	// Events returns a game's events after a sequence, oldest first.
	Events(ctx context.Context, game uuid.UUID, after uint64, limit int) ([]*Event, error)
	// Entries returns the entries of a player's wallet, newest first, below the id of one of them, or ErrNotFound if that is not
	// an entry of the wallet; 0 starts with the newest.
	Entries(ctx context.Context, player uuid.UUID, below int64, limit int) ([]Entry, error)
	// Balance returns an account's balance; ok is false if the account has no entry yet.
	Balance(ctx context.Context, account ledger.Account) (balance int64, ok bool, err error)
	// InPlay returns the total of a player's live bets.
	InPlay(ctx context.Context, player uuid.UUID) (int64, error)
	// Protection returns the limits and exclusions that a player has set, nil if there are none.
	Protection(ctx context.Context, player uuid.UUID) (*protection.State, error)
	// TurnsDue returns games whose TurnDueAt has passed.
	TurnsDue(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error)
	// IdleGames returns open games at which nothing happened since a time.
	IdleGames(ctx context.Context, since time.Time, limit int) ([]uuid.UUID, error)
	// UnsettledRounds returns rounds that were committed between two times and are not settled, oldest first; only their game, number,
	// status and ClosedAt are set.
	UnsettledRounds(ctx context.Context, since, before time.Time, limit int) ([]*Round, error)
	// Audit checks every account against the transfers, and the escrows and reserves of tables against their live bets.
	Audit(ctx context.Context) (Audit, error)
	// Census counts players and sums balances in one snapshot. It reads every account and no transfer.
	Census(ctx context.Context) (Census, error)
}

// Entry is one account's side of a transfer.
type Entry struct {
	ID int64
	ledger.Transfer
	// Amount is negative for a transfer from the account.
	Amount int64
	// Balance is that of the account after the transfer.
	Balance int64
}
