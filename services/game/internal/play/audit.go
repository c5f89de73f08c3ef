package play

import "github.com/bitcraps/bitcraps/services/game/internal/ledger"

// Audit is the result of adding everything up.
type Audit struct {
	// Transfers is how many there are.
	Transfers int64
	// Kinds are the accounts by kind.
	Kinds map[ledger.Kind]KindTotal
	// Differences are what is wrong, at most MaxDifferences of each check; none in an honest book.
	Differences []Difference
}

// KindTotal adds up the accounts of one kind.
type KindTotal struct{ Accounts, Balance int64 }

// Difference is an account that is not what it must be.
type Difference struct {
	Account ledger.Account
	Check   string
	// Balance is what the account has, or at some transfer said it had, and Expected what it must have; for BelowZero and
	// ReserveForBets, at least. For InPlay both are what is in play, for LastTransfer and Previous transfers' ids.
	Balance, Expected int64
}

// MaxDifferences bounds what an audit lists of each check.
const MaxDifferences = 20

// The checks of an audit.
const (
	SumOfTransfers = "sum_of_transfers" // A balance is the sum of the account's transfers.
	RunningBalance = "running_balance"  // So it was behind each transfer.
	BelowZero      = "below_zero"       // Only issuance owes.
	BetsOnTable    = "bets_on_table"    // An escrow holds the stakes and commissions of the live bets.
	ReserveForBets = "reserve_for_bets" // A reserve covers what the live bets can win.
	OpenTable      = "open_table"       // Escrows and reserves of games that are over, or are not there, hold nothing.

	// Of what SQLite keeps beside.

	InPlay       = "in_play"       // A wallet says what the player's live bets hold.
	LastTransfer = "last_transfer" // A wallet says which transfer is its latest.
	Previous     = "previous"      // A transfer says which was the wallet's before it.
)

// Sum is that of all balances; zero in an honest book.
func (a Audit) Sum() int64 {
	sum := int64(0)
	for _, total := range a.Kinds {
		sum += total.Balance
	}
	return sum
}

// Accounts is how many there are.
func (a Audit) Accounts() int64 {
	n := int64(0)
	for _, total := range a.Kinds {
		n += total.Accounts
	}
	return n
}

// Balanced reports whether nothing is wrong.
func (a Audit) Balanced() bool { return a.Sum() == 0 && len(a.Differences) == 0 }
