package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// registerUUID teaches a connection uuid.UUID, of which pgx only sees that database/sql could use it: as text, by a way
// that takes more time than all the rest of a large group.
func registerUUID(_ context.Context, conn *pgx.Conn) error {
	types := conn.TypeMap()
	types.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrapEncode}, types.TryWrapEncodePlanFuncs...)
	types.TryWrapScanPlanFuncs = append([]pgtype.TryWrapScanPlanFunc{wrapScan}, types.TryWrapScanPlanFuncs...)
	return nil
}

// id is a uuid.UUID as pgx's codec wants it.
type id uuid.UUID

// ScanUUID implements pgtype.UUIDScanner.
func (i *id) ScanUUID(v pgtype.UUID) error {
	if !v.Valid {
		return errors.New("postgres: an id is NULL")
	}
	*i = v.Bytes
	return nil
}

// UUIDValue implements pgtype.UUIDValuer.
func (i id) UUIDValue() (pgtype.UUID, error) { return pgtype.UUID{Bytes: i, Valid: true}, nil }

func wrapEncode(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	switch value := value.(type) {
	case uuid.UUID:
		return &encodeID{}, id(value), true
	case []uuid.UUID:
		return &encodeIDs{}, ids(value), true
	}
	return nil, nil, false
}

type encodeID struct{ next pgtype.EncodePlan }

func (p *encodeID) SetNext(next pgtype.EncodePlan) { p.next = next }

func (p *encodeID) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(id(value.(uuid.UUID)), buf)
}

func ids(values []uuid.UUID) pgtype.FlatArray[id] {
	array := make(pgtype.FlatArray[id], len(values))
	for i, value := range values {
		array[i] = id(value)
	}
	return array
}

type encodeIDs struct{ next pgtype.EncodePlan }

func (p *encodeIDs) SetNext(next pgtype.EncodePlan) { p.next = next }

func (p *encodeIDs) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(ids(value.([]uuid.UUID)), buf)
}

func wrapScan(target any) (pgtype.WrappedScanPlanNextSetter, any, bool) {
	if value, ok := target.(*uuid.UUID); ok {
		return &scanID{}, (*id)(value), true
	}
	return nil, nil, false
}

type scanID struct{ next pgtype.ScanPlan }

func (p *scanID) SetNext(next pgtype.ScanPlan) { p.next = next }

func (p *scanID) Scan(src []byte, dst any) error { return p.next.Scan(src, (*id)(dst.(*uuid.UUID))) }
