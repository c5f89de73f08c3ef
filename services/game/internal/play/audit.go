package play

import "github.com/bitcraps/bitcraps/services/game/internal/ledger"

// Audit is the result of an audit of the ledger.
type Audit struct {
	// Transfers is the number of transfers.
	Transfers int64
	// Kinds are the totals of the accounts by kind.
	Kinds map[ledger.Kind]KindTotal
	// Differences are the failed checks, at most MaxDifferences of each check; none in a consistent ledger.
	Differences []AccountDifference
}

// KindTotal is the number of accounts of one kind and the sum of their balances.
type KindTotal struct{ Accounts, Balance int64 }

// AccountDifference is an account that failed a check.
type AccountDifference struct {
	Account ledger.Account
	Check   string
	// Balance is the account's balance, for RunningBalance the one that a transfer recorded; Expected is what it must be, for
	// BelowZero and ReserveForBets at least. For Exposure both are exposures, for InPlay amounts in play, for LastTransfer and Previous ids of transfers.
	Balance, Expected int64
}

// MaxDifferences bounds the differences that an audit lists for each check.
const MaxDifferences = 20

// The checks of an audit.
const (
	SumOfTransfers = "sum_of_transfers" // A balance is the sum of the account's transfers.
	RunningBalance = "running_balance"  // The balance that each transfer recorded is the sum of the transfers up to it.
	BelowZero      = "below_zero"       // Only issuance has a negative balance.
	BetsOnTable    = "bets_on_table"    // An escrow holds the stakes and commissions of the live bets.
	Exposure       = "exposure"         // A game's exposure is what its live bets can win.
	ReserveForBets = "reserve_for_bets" // A reserve covers the game's exposure.
	OpenTable      = "open_table"       // Escrows and reserves of games that ended or do not exist are zero.

	// These check columns that only SQLite has.

	InPlay       = "in_play"       // A wallet's in_play is the total of the player's live bets.
	LastTransfer = "last_transfer" // A wallet's last_transfer is its latest transfer.
	Previous     = "previous"      // A transfer's from_previous and to_previous are the wallet's transfer before it.
)

// Sum returns the sum of all balances; zero in a consistent ledger.
func (a Audit) Sum() int64 {
	sum := int64(0)
	for _, total := range a.Kinds {
		sum += total.Balance
	}
	return sum
}

// Accounts returns the number of accounts.
func (a Audit) Accounts() int64 {
	n := int64(0)
	for _, total := range a.Kinds {
		n += total.Accounts
	}
	return n
}

// Balanced reports whether all checks passed and the balances sum to zero.
func (a Audit) Balanced() bool { return a.Sum() == 0 && len(a.Differences) == 0 }
