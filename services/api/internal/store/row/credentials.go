package row

import (
	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/account"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
)

// Device is a row of devices.
type Device struct {
	ID        uuid.UUID
	PlayerID  uuid.UUID
	PublicKey []byte
	Client    string
	CreatedAt int64
}

// OfDevice is the row of a device.
func OfDevice(d device.Device) Device {
	return Device{ID: d.ID, PlayerID: d.Player, PublicKey: d.PublicKey, Client: d.Client, CreatedAt: micros.Of(d.CreatedAt)}
}

// Device converts the row.
func (r Device) Device() device.Device {
	return device.Device{ID: r.ID, Player: r.PlayerID, PublicKey: r.PublicKey, Client: r.Client, CreatedAt: micros.Time(r.CreatedAt)}
}

// Account is a row of accounts.
type Account struct {
	PlayerID  uuid.UUID
	Email     string
	Password  string
	CreatedAt int64
}

// OfAccount is the row of an account.
func OfAccount(a account.Account) Account {
	return Account{PlayerID: a.Player, Email: a.Email, Password: a.Password, CreatedAt: micros.Of(a.Created)}
}

// Account converts the row.
func (r Account) Account() account.Account {
	return account.Account{Player: r.PlayerID, Email: r.Email, Password: r.Password, Created: micros.Time(r.CreatedAt)}
}

// Code is a row of codes.
type Code struct {
	Subject   string
	PlayerID  uuid.UUID
	Email     string
	Password  string
	CodeHash  []byte
	Attempts  int64
	ExpiresAt int64
}

// OfCode is the row of a code.
func OfCode(c account.Code) Code {
	return Code{Subject: c.Subject, PlayerID: c.Player, Email: c.Email, Password: c.Password, CodeHash: c.Hash[:], Attempts: int64(c.Attempts), ExpiresAt: micros.Of(c.Expires)}
}

// Code converts the row.
func (r Code) Code() account.Code {
	c := account.Code{Subject: r.Subject, Player: r.PlayerID, Email: r.Email, Password: r.Password, Attempts: int(r.Attempts), Expires: micros.Time(r.ExpiresAt)}
	copy(c.Hash[:], r.CodeHash)
	return c
}
