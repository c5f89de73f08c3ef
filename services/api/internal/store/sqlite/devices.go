package sqlite

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
	"github.com/bitcraps/bitcraps/services/api/internal/store/sqlite/db"
)

// AddDevice implements device.Tx.
func (t Tx) AddDevice(ctx context.Context, d device.Device) (added bool, err error) {
	ids, err := t.q.InsertDevice(ctx, db.InsertDeviceParams(row.OfDevice(d)))
	return len(ids) > 0, err
}

// DeviceByKey implements device.Tx.
func (t Tx) DeviceByKey(ctx context.Context, key ed25519.PublicKey) (device.Device, error) {
	found, err := t.q.DeviceByKey(ctx, key)
	if errors.Is(err, sql.ErrNoRows) {
		return device.Device{}, device.ErrNotFound
	}
	return row.Device(found).Device(), err
}

// Devices implements device.Tx.
func (t Tx) Devices(ctx context.Context, player uuid.UUID) ([]device.Device, error) {
	rows, err := t.q.Devices(ctx, player)
	devices := make([]device.Device, len(rows))
	for i, found := range rows {
		devices[i] = row.Device(found).Device()
	}
	return devices, err
}

// RemoveDevice implements device.Tx.
func (t Tx) RemoveDevice(ctx context.Context, id uuid.UUID) error { return t.q.DeleteDevice(ctx, id) }

// UseChallenge implements device.Tx.
func (t Tx) UseChallenge(ctx context.Context, hash [sha256.Size]byte, expires time.Time) (fresh bool, err error) {
	rows, err := t.q.UseChallenge(ctx, hash[:], micros.Of(expires))
	return len(rows) > 0, err
}

// PruneChallenges implements device.Tx.
func (t Tx) PruneChallenges(ctx context.Context, before time.Time, most int) (pruned int, err error) {
	rows, err := t.q.DeleteUsedChallenges(ctx, micros.Of(before), int64(most))
	return int(rows), err
}
