// Package row maps the domains' types to rows of tables, alike for both engines. Times are microseconds since 1970, or 0 if
// there is none. Fields have the order of the columns, so that the types that sqlc generates convert to these.
package row

import (
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/micros"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api/internal/player"
	"github.com/bitcraps/bitcraps/services/api/internal/session"
	"github.com/bitcraps/bitcraps/services/api/internal/signing"
)

// Player is a row of players.
type Player struct {
	ID        uuid.UUID
	Kind      apiv1.PlayerKind
	CreatedAt int64
	Role      optionsv1.Role
}

// Player converts the row.
func (r Player) Player() player.Player {
	return player.Player{ID: r.ID, Kind: r.Kind, Role: r.Role, CreatedAt: micros.Time(r.CreatedAt)}
}

// Key is a row of signing_keys.
type Key struct {
	ID        string
	Seed      []byte
	CreatedAt int64
	SignsFrom int64
	TokenLife int64
}

// OfKey is the row of a key.
func OfKey(k signing.Key) Key {
	return Key{ID: k.ID, Seed: k.Private.Seed(), CreatedAt: micros.Of(k.CreatedAt), SignsFrom: micros.Of(k.SignsFrom), TokenLife: k.TokenLife.Microseconds()}
}

// Key converts the row.
func (r Key) Key() (signing.Key, error) {
	return signing.KeyOf(r.ID, r.Seed, micros.Time(r.CreatedAt), micros.Time(r.SignsFrom), time.Duration(r.TokenLife)*time.Microsecond)
}

// Session is a row of sessions.
type Session struct {
	ID           uuid.UUID
	PlayerID     uuid.UUID
	Method       apiv1.SignInMethod
	CredentialID uuid.UUID
	Scopes       int64
	Client       string
	CreatedAt    int64
	UsedAt       int64
	ExpiresAt    int64
	EndedAt      int64
	FamilyHash   []byte
	SecretHash   []byte
	PreviousHash []byte
	Nonce        []byte
}

// OfSession is the row of a session.
func OfSession(s session.Session) Session {
	return Session{
		ID: s.ID, PlayerID: s.Player, Method: s.Method, CredentialID: s.Credential, Scopes: int64(s.Scopes), Client: s.Client,
		CreatedAt: micros.Of(s.Created), UsedAt: micros.Of(s.Used), ExpiresAt: micros.Of(s.Expires), EndedAt: micros.Of(s.Ended),
		FamilyHash: s.Family[:], SecretHash: s.Current[:], PreviousHash: s.Previous[:], Nonce: s.Nonce[:],
	}
}

// Session converts the row.
func (r Session) Session() session.Session {
	s := session.Session{
		ID: r.ID, Player: r.PlayerID, Method: r.Method, Credential: r.CredentialID, Scopes: identity.Scopes(r.Scopes), Client: r.Client,
		Created: micros.Time(r.CreatedAt), Used: micros.Time(r.UsedAt), Expires: micros.Time(r.ExpiresAt), Ended: micros.Time(r.EndedAt),
	}
	copy(s.Family[:], r.FamilyHash)
	copy(s.Current[:], r.SecretHash)
	copy(s.Previous[:], r.PreviousHash)
	copy(s.Nonce[:], r.Nonce)
	return s
}
