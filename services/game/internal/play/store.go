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

// ErrNotFound is the stores' error for what is not there.
var ErrNotFound = errors.New("play: not found")

// Store keeps games and their money. Every implementation passes the suite in internal/store/storetest.
type Store interface {
	// Update runs f in a transaction that no other one interferes with, and makes its writes durable before it returns.
	// Nothing of f is kept where f fails. Where another transaction is in the way, f runs again, so it must start from
	// scratch each time.
	Update(ctx context.Context, f func(Tx) error) error
	Reader
	// PruneRequests forgets up to limit requests from before a time and returns how many it forgot.
	PruneRequests(ctx context.Context, before time.Time, limit int) (int, error)
	// PruneScores forgets up to limit scores of a period that began before a time, and returns how many it forgot.
	PruneScores(ctx context.Context, period calendar.Period, before time.Time, limit int) (int, error)
}

// Key says what a turn needs of a game.
type Key struct {
	// Game is the game; uuid.Nil for a turn without one, which can open its player's wallet and no more.
	Game uuid.UUID
	// Player's live bets and wallet are loaded; uuid.Nil for nobody's.
	Player uuid.UUID
	// Wager leaves out, of the player's live bets, those on other wagers than this one and the flat bet that it stands
	// behind; nil leaves out none. It is what placing a bet needs.
	Wager *craps.Wager
	// All loads everybody's live bets, and the wallets of those whose they are.
	All bool
}

// Loads reports whether a live bet of the key's game is one of those that it loads.
func (k Key) Loads(bet *Bet) bool {
	return k.All || bet.Player == k.Player && (k.Wager == nil || bet.Wager == k.Wager || bet.Wager == k.Wager.Behind)
}

// Tx is what a transaction can do. It works on sets, so that a group of commands costs little more than one.
type Tx interface {
	// Load returns a turn for each key, in their order; nil where there is no such game. Keys of one game share a turn, and
	// all turns of a transaction share their Funds.
	Load(ctx context.Context, keys ...Key) ([]*Turn, error)
	// Save writes what turns changed, and of the Funds of all turns that were loaded what moved and what changed of protections.
	Save(ctx context.Context, turns ...*Turn) error
	// Transfer moves money outside any game.
	Transfer(ctx context.Context, transfers ...ledger.Transfer) error
	// Balance returns an account's balance; ok is false where it has no entry yet.
	Balance(ctx context.Context, account ledger.Account) (balance int64, ok bool, err error)
	// Bet returns a bet whatever its status is, or ErrNotFound.
	Bet(ctx context.Context, id uuid.UUID) (*Bet, error)
	// Round returns a round, or ErrNotFound.
	Round(ctx context.Context, game uuid.UUID, number uint64) (*Round, error)
	// InPlay is what a player, whose wallet is loaded, has on tables. It does not see what this transaction has not saved.
	InPlay(ctx context.Context, player uuid.UUID) (int64, error)
	// Member returns a player's standing at a game, the zero one where there is none.
	Member(ctx context.Context, game, player uuid.UUID) (Member, error)
	// EraseChat takes the text out of up to limit events that are what a player said at a game, which is loaded and will be saved, and
	// returns of how many. The events stay.
	EraseChat(ctx context.Context, game, player uuid.UUID, limit int) (int, error)
	// ForgetScores forgets the scores of a player. It comes behind Save, which holds the player's wallet, so that no settlement that
	// began before adds to them.
	ForgetScores(ctx context.Context, player uuid.UUID) error
	// Requests returns what players' requests did; those that are new are missing. It comes behind Load, whose locks, or the check of
	// what it took from a cache, keep the same request from having its effect twice.
	Requests(ctx context.Context, keys ...RequestKey) (map[RequestKey]Request, error)
	// SaveRequests remembers what players' requests did.
	SaveRequests(ctx context.Context, requests map[RequestKey]Request) error
}

// RequestKey names a player's call.
type RequestKey struct {
	Player uuid.UUID
	ID     string
}

// Request is the memory of a call that has a request id.
type Request struct {
	// Fingerprint is a hash of what was asked.
	Fingerprint []byte
	// Response is the serialized answer.
	Response []byte
	At       time.Time
}

// Reader answers queries. Pages continue behind the item that the caller has last.
type Reader interface {
	// Game returns a game, or ErrNotFound.
	Game(ctx context.Context, id uuid.UUID) (*Game, error)
	// GameByCode returns the private game of a join code's hash, or ErrNotFound.
	GameByCode(ctx context.Context, hash []byte) (uuid.UUID, error)
	// Member returns a player's standing at a game, the zero one where there is none.
	Member(ctx context.Context, game, player uuid.UUID) (Member, error)
	// GamesWithPlayerData returns games that know a player, behind the id, in the order of the ids: open ones where the player sits or is the host,
	// and any where the player has a standing or has said something.
	GamesWithPlayerData(ctx context.Context, player, after uuid.UUID, limit int) ([]uuid.UUID, error)
	// Leaders returns scores of a period, best first, behind one; the zero one starts with the best.
	Leaders(ctx context.Context, key ScoreKey, after Score, limit int) ([]Score, error)
	// Scores returns scores of a player; those that are nothing are missing.
	Scores(ctx context.Context, player uuid.UUID, keys ...ScoreKey) ([]Score, error)
	// Rolls counts a game's latest rolls, at most so many.
	Rolls(ctx context.Context, game uuid.UUID, limit int) ([]RollCount, error)
	// OpenGames returns open games that are not private, newest first, behind the id; uuid.Nil starts with the newest.
	OpenGames(ctx context.Context, after uuid.UUID, limit int) ([]*Game, error)
	// OpenGamesWithSeats returns those of them that have a free seat.
	OpenGamesWithSeats(ctx context.Context, after uuid.UUID, limit int) ([]*Game, error)
	// Bets returns a player's bets at a game, newest first, behind the id. The zero status means every status.
	Bets(ctx context.Context, game, player uuid.UUID, status gamev1.BetStatus, after uuid.UUID, limit int) ([]*Bet, error)
	// LiveBets returns every bet that lies on a game's table, in the order of their ids.
	LiveBets(ctx context.Context, game uuid.UUID) ([]*Bet, error)
	// Rounds returns a game's rounds without what was committed, newest first, below the number; 0 starts with the newest.
	Rounds(ctx context.Context, game uuid.UUID, below uint64, limit int) ([]*Round, error)
	// Round returns a round, or ErrNotFound.
	Round(ctx context.Context, game uuid.UUID, number uint64) (*Round, error)
	// Result returns what a settled round did to a player's bets, or ErrNotFound where the player had none.
	Result(ctx context.Context, game uuid.UUID, round uint64, player uuid.UUID) (Result, error)
	// Events returns a game's events behind a sequence, oldest first.
	Events(ctx context.Context, game uuid.UUID, after uint64, limit int) ([]*Event, error)
	// Entries returns the movements of a player's wallet, newest first, below one of them, or ErrNotFound where that is none of
	// them; 0 starts with the newest.
	Entries(ctx context.Context, player uuid.UUID, below int64, limit int) ([]Entry, error)
	// Balance returns an account's balance; ok is false where it has no entry yet.
	Balance(ctx context.Context, account ledger.Account) (balance int64, ok bool, err error)
	// InPlay is what a player has on tables.
	InPlay(ctx context.Context, player uuid.UUID) (int64, error)
	// Protection is what a player has set, nil for nothing.
	Protection(ctx context.Context, player uuid.UUID) (*protection.State, error)
	// TurnsDue returns games whose shooter's time is over.
	TurnsDue(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error)
	// IdleGames returns open games at which nothing happened since a time.
	IdleGames(ctx context.Context, since time.Time, limit int) ([]uuid.UUID, error)
	// UnsettledRounds returns which rounds were committed between two times and are not settled, and when, oldest first.
	UnsettledRounds(ctx context.Context, since, before time.Time, limit int) ([]*Round, error)
	// Audit checks every account against the transfers, and what tables hold against the bets that lie on them.
	Audit(ctx context.Context) (Audit, error)
	// Census counts what one moment has. It reads each account and no transfer.
	Census(ctx context.Context) (Census, error)
}

// Entry is one account's side of a transfer.
type Entry struct {
	ID int64
	ledger.Transfer
	// Amount is negative for what went out.
	Amount int64
	// Balance is the account's behind the transfer.
	Balance int64
}
