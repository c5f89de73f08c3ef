package ledger

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Kind is a kind of account in the chart of accounts.
type Kind string

// The chart of accounts.
const (
	// KindIssuance is the source of all tokens; its balance is minus the total ever issued. There is one account.
	KindIssuance Kind = "issuance"
	// KindHouse receives lost stakes and commissions, and sets reserves aside. There is one account.
	KindHouse Kind = "house"
	// KindReserve holds what the house has set aside for a table, so that it can pay whatever the bets there win.
	KindReserve Kind = "reserve"
	// KindEscrow holds the stakes and commissions of a table's live bets.
	KindEscrow Kind = "escrow"
	// KindPlayer is a player's wallet.
	KindPlayer Kind = "player"
)

// Kinds are all kinds of accounts.
var Kinds = []Kind{KindIssuance, KindHouse, KindReserve, KindEscrow, KindPlayer}

// Account names an account: its kind, and the game or the player that it belongs to.
type Account struct {
	Kind  Kind
	Owner uuid.UUID
}

// The accounts that exist only once.
var (
	Issuance = Account{Kind: KindIssuance}
	House    = Account{Kind: KindHouse}
)

// Wallet returns a player's account.
func Wallet(player uuid.UUID) Account { return Account{KindPlayer, player} }

// Escrow returns the account that holds the stakes of a game's live bets.
func Escrow(game uuid.UUID) Account { return Account{KindEscrow, game} }

// Reserve returns the account that holds what the house has set aside for a game.
func Reserve(game uuid.UUID) Account { return Account{KindReserve, game} }

// Shared reports whether all tables transfer to and from the account.
func (a Account) Shared() bool { return a.Kind == KindHouse || a.Kind == KindIssuance }

// MayBeNegative reports whether the account may have a negative balance. Only issuance may: the house can't bet what it does
// not have.
func (a Account) MayBeNegative() bool { return a.Kind == KindIssuance }

// String returns the account's name, as it is stored: the kind, followed by a colon and the owner if there is one.
func (a Account) String() string {
	if a.Owner == uuid.Nil {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.Owner.String()
}

// Value implements driver.Valuer.
func (a Account) Value() (driver.Value, error) { return a.String(), nil }

// Scan implements sql.Scanner.
func (a *Account) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("ledger: an account's name must be text, not %T", value)
	}
	kind, owner, owned := strings.Cut(text, ":")
	*a = Account{Kind: Kind(kind)}
	if !slices.Contains(Kinds, a.Kind) {
		return fmt.Errorf("ledger: no account is called %q", text)
	}
	if !owned {
		return nil
	}
	var err error
	a.Owner, err = uuid.Parse(owner)
	return err
}
