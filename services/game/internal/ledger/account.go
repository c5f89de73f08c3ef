package ledger

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Kind is a heading of the chart of accounts.
type Kind string

// The chart of accounts.
const (
	// KindIssuance is where tokens come from; its balance is minus what was ever issued. There is one account.
	KindIssuance Kind = "issuance"
	// KindHouse wins what players lose, earns commissions, and sets reserves aside. There is one account.
	KindHouse Kind = "house"
	// KindReserve is what the house has set aside for a table, so that it can pay whatever the bets on it win.
	KindReserve Kind = "reserve"
	// KindEscrow is what lies on a table: stakes and commissions of live bets.
	KindEscrow Kind = "escrow"
	// KindPlayer is a player's wallet.
	KindPlayer Kind = "player"
)

// Kinds are all of them.
var Kinds = []Kind{KindIssuance, KindHouse, KindReserve, KindEscrow, KindPlayer}

// Account names an account: its kind, and the game or the player that it belongs to.
type Account struct {
	Kind  Kind
	Owner uuid.UUID
}

// The accounts that exist once.
var (
	Issuance = Account{Kind: KindIssuance}
	House    = Account{Kind: KindHouse}
)

// Wallet is a player's account.
func Wallet(player uuid.UUID) Account { return Account{KindPlayer, player} }

// Escrow is the account of what lies on a game's table.
func Escrow(game uuid.UUID) Account { return Account{KindEscrow, game} }

// Reserve is the account of what the house keeps ready for a game's table.
func Reserve(game uuid.UUID) Account { return Account{KindReserve, game} }

// Shared reports whether all tables move it.
func (a Account) Shared() bool { return a.Kind == KindHouse || a.Kind == KindIssuance }

// MayBeNegative reports whether an account may owe. Only issuance does: the house can't bet what it does not have.
func (a Account) MayBeNegative() bool { return a.Kind == KindIssuance }

// String is the account's name, as stores keep it: the kind, and behind a colon the owner.
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
		return fmt.Errorf("ledger: an account's name is text, not %T", value)
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
