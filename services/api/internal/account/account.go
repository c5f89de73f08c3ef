// Package account is players who are known by an e-mail address and a password, and the codes by which they prove the address.
package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

var (
	// ErrNotFound is for an account or a code that is not there.
	ErrNotFound = errors.New("account: not found")
	// ErrCode is for a code that is wrong, is over, or was tried too often.
	ErrCode = errors.New("account: the code is not good")
)

const (
	// CodeLife is how long a code is good.
	CodeLife = 15 * time.Minute
	// maxAttempts is how often a code may be tried.
	maxAttempts = 5
	codeLength  = 8
)

// Account is how a player signs in.
type Account struct {
	Player   uuid.UUID
	Email    string
	Password string // The hash.
	Created  time.Time
}

// Normalize is the form in which addresses are compared. What stands before the @ could be different in upper case, and never is.
func Normalize(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// alphabet has no letters that look like others. It divides 256, so that every letter is as likely.
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// NewCode makes a code of random bytes: eight letters, 40 bits.
func NewCode(random [codeLength]byte) string {
	letters := make([]byte, codeLength)
	for i, b := range random {
		letters[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(letters[:4]) + "-" + string(letters[4:])
}

// HashCode is what is stored of a code. Whoever types it may leave out its dash or its upper case.
func HashCode(code string) [sha256.Size]byte {
	return sha256.Sum256([]byte(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))))
}

// Code is a code that was sent, and what it is for.
type Code struct {
	// Subject is who may use it, and for what: LinkSubject or ResetSubject.
	Subject string
	// Player is whose account it is about; uuid.Nil where there is none, and the code is never good.
	Player   uuid.UUID
	Email    string
	Password string // The hash that is meant to become the account's.
	Hash     [sha256.Size]byte
	Attempts int
	Expires  time.Time
}

// LinkSubject is that of a player who links an address.
func LinkSubject(player uuid.UUID) string { return "link:" + player.String() }

// ResetSubject is that of an address whose password was forgotten.
func ResetSubject(email string) string { return "reset:" + Normalize(email) }

// Try counts an attempt, and fails where the text is not the code, or the code is not the owner's or not good any more.
func (c *Code) Try(text string, owner uuid.UUID, now time.Time) error {
	hash := HashCode(text)
	c.Attempts++
	if c.Attempts > maxAttempts || now.After(c.Expires) || subtle.ConstantTimeCompare(hash[:], c.Hash[:]) == 0 || c.Player == uuid.Nil || c.Player != owner {
		return ErrCode
	}
	return nil
}

// Tx is what a transaction does with accounts. Every implementation passes the suite in internal/store/storetest.
type Tx interface {
	// AddAccount stores a new account; added is false where the player or the address has one.
	AddAccount(ctx context.Context, account Account) (added bool, err error)
	// Account returns a player's account, or ErrNotFound.
	Account(ctx context.Context, player uuid.UUID) (Account, error)
	// AccountByEmail returns the account of a normalized address, or ErrNotFound.
	AccountByEmail(ctx context.Context, email string) (Account, error)
	// SavePassword stores the hash of a player's new password.
	SavePassword(ctx context.Context, player uuid.UUID, hash string) error
	// RemoveAccount forgets a player's account and codes.
	RemoveAccount(ctx context.Context, player uuid.UUID) error
	// SaveCode stores a code in the place of an older one of its subject.
	SaveCode(ctx context.Context, code Code) error
	// Code returns a subject's code, or ErrNotFound. Where the transaction writes, others that read it wait for its end.
	Code(ctx context.Context, subject string) (Code, error)
	// RemoveCode forgets a code.
	RemoveCode(ctx context.Context, subject string) error
	// ForgetCodes removes at most so many of the codes that expired before a time, and says how many.
	ForgetCodes(ctx context.Context, before time.Time, most int) (forgotten int, err error)
}
