package postgres

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/micros"
	"github.com/bitcraps/bitcraps/services/api/internal/device"
	"github.com/bitcraps/bitcraps/services/api/internal/store/postgres/db"
	"github.com/bitcraps/bitcraps/services/api/internal/store/row"
)

// AddDevice implements device.Tx.
func (t Tx) AddDevice(ctx context.Context, d device.Device) (added bool, err error) {
	ids, err := fetch(ctx, t, func(q *db.Queries) ([]uuid.UUID, error) {
		return q.InsertDevice(ctx, db.InsertDeviceParams(row.OfDevice(d)))
	})
	return len(ids) > 0, err
}

// DeviceByKey implements device.Tx.
func (t Tx) DeviceByKey(ctx context.Context, key ed25519.PublicKey) (device.Device, error) {
	found, err := fetch(ctx, t, func(q *db.Queries) (db.Device, error) { return q.DeviceByKey(ctx, key) })
	if errors.Is(err, pgx.ErrNoRows) {
		return device.Device{}, device.ErrNotFound
	}
	return row.Device(found).Device(), err
}

// Devices implements device.Tx.
func (t Tx) Devices(ctx context.Context, player uuid.UUID) ([]device.Device, error) {
	rows, err := fetch(ctx, t, func(q *db.Queries) ([]db.Device, error) { return q.Devices(ctx, player) })
	devices := make([]device.Device, len(rows))
	for i, found := range rows {
		devices[i] = row.Device(found).Device()
	}
	return devices, err
}

// RemoveDevice implements device.Tx.
func (t Tx) RemoveDevice(ctx context.Context, id uuid.UUID) error {
	return t.exec().DeleteDevice(ctx, id)
}

// UseChallenge implements device.Tx.
func (t Tx) UseChallenge(ctx context.Context, hash [sha256.Size]byte, expires time.Time) (fresh bool, err error) {
	rows, err := fetch(ctx, t, func(q *db.Queries) ([]int64, error) { return q.UseChallenge(ctx, hash[:], micros.Of(expires)) })
	return len(rows) > 0, err
}

// PruneChallenges implements device.Tx.
func (t Tx) PruneChallenges(ctx context.Context, before time.Time, most int) (pruned int, err error) {
	rows, err := fetch(ctx, t, func(q *db.Queries) (int64, error) {
		return q.DeleteUsedChallenges(ctx, micros.Of(before), int32(most))
	})
	return int(rows), err
}
