package postgres

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// registerTypes registers faster codecs with a connection: for uuid.UUID, which pgx would encode as text through its database/sql
// interfaces, and for the arrays in which groups of rows are sent, for which pgx would look up an encoding for each element. Either
// took more time than all the rest of a large group.
func registerTypes(conn *pgx.Conn) {
	types := conn.TypeMap()
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}})
	registerArray(types, "_uuid", pgtype.UUIDArrayOID, pgtype.UUIDOID, appendUUID)
	registerArray(types, "_text", pgtype.TextArrayOID, pgtype.TextOID, func(buf []byte, v string) []byte { return append(buf, v...) })
	registerArray(types, "_int4", pgtype.Int4ArrayOID, pgtype.Int4OID, func(buf []byte, v int32) []byte {
		return binary.BigEndian.AppendUint32(buf, uint32(v))
	})
	registerArray(types, "_int8", pgtype.Int8ArrayOID, pgtype.Int8OID, func(buf []byte, v int64) []byte {
		return binary.BigEndian.AppendUint64(buf, uint64(v))
	})
	registerArray(types, "_xid", pgtype.XIDArrayOID, pgtype.XIDOID, binary.BigEndian.AppendUint32)
}

func appendUUID(buf []byte, id uuid.UUID) []byte { return append(buf, id[:]...) }

// uuidCodec reads and writes uuid.UUID in PostgreSQL's binary format.
type uuidCodec struct{ pgtype.UUIDCodec }

// PlanEncode implements pgtype.Codec.
func (c uuidCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return encodeUUID{}
	}
	return c.UUIDCodec.PlanEncode(m, oid, format, value)
}

// PlanScan implements pgtype.Codec.
func (c uuidCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return scanUUID{}
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

type encodeUUID struct{}

func (encodeUUID) Encode(value any, buf []byte) ([]byte, error) {
	return appendUUID(buf, value.(uuid.UUID)), nil
}

type scanUUID struct{}

func (scanUUID) Scan(src []byte, dst any) error {
	if src == nil {
		return errors.New("postgres: an id is NULL")
	}
	return dst.(*uuid.UUID).UnmarshalBinary(src)
}

// arrayCodec encodes slices of T, and leaves everything else to pgx.
type arrayCodec[T any] struct {
	*pgtype.ArrayCodec
	encode encodeArray[T]
}

// registerArray registers an arrayCodec whose elements are encoded by append.
func registerArray[T any](types *pgtype.Map, name string, oid, element uint32, append func([]byte, T) []byte) {
	elements, _ := types.TypeForOID(element)
	types.RegisterType(&pgtype.Type{Name: name, OID: oid,
		Codec: arrayCodec[T]{&pgtype.ArrayCodec{ElementType: elements}, encodeArray[T]{element, append}}})
}

// PlanEncode implements pgtype.Codec.
func (c arrayCodec[T]) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.([]T); ok && format == pgtype.BinaryFormatCode {
		return c.encode
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

// columns is the number of arrays that the buffer is grown for at once: a statement has about twice as many, which pgx encodes one after
// the other.
const columns = 8

type encodeArray[T any] struct {
	element uint32
	append  func([]byte, T) []byte
}

// Encode implements pgtype.EncodePlan. An encoded array has the number of dimensions, whether there are NULLs, the type of the
// elements, the length and first index of each dimension, and then the elements, each preceded by its length.
func (e encodeArray[T]) Encode(value any, buf []byte) ([]byte, error) {
	values := value.([]T)
	header := []uint32{1, 0, e.element, uint32(len(values)), 1}
	if len(values) == 0 {
		header = []uint32{0, 0, e.element}
	}
	for _, word := range header {
		buf = binary.BigEndian.AppendUint32(buf, word)
	}
	for i, v := range values {
		start := len(buf)
		buf = e.append(binary.BigEndian.AppendUint32(buf, 0), v)
		binary.BigEndian.PutUint32(buf[start:], uint32(len(buf)-start-4))
		if rest := (len(values) - 1) * (len(buf) - start); i == 0 && rest > cap(buf)-len(buf) {
			buf = slices.Grow(buf, columns*rest)
		}
	}
	return buf, nil
}
