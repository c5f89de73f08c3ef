package postgres_test

import (
	"reflect"
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/postgres"
)

// echo checks that the server returns what it was sent.
func echo[T any](t *testing.T, db *postgres.DB, kind string, sent T) {
	t.Helper()
	var got T
	if err := db.Read(t.Context(), func(on postgres.DBTX) error {
		return on.QueryRow(t.Context(), "SELECT $1::"+kind, sent).Scan(&got)
	}); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%s %v came back as %v, %v", kind, sent, got, err)
	}
}

func TestTypes(t *testing.T) {
	db := open(t, empty(t))
	echo(t, db, "uuid", uuid.New())
	echo(t, db, "uuid[]", []uuid.UUID{uuid.New(), uuid.Nil, uuid.Max})
	echo(t, db, "text[]", []string{"", "player:é", `{"quoted", NULL}`})
	echo(t, db, "integer[]", []int32{0, -1, 1 << 30})
	echo(t, db, "bigint[]", []int64{0, -1, 1 << 62})
	echo(t, db, "uuid[]", []uuid.UUID{})
	echo(t, db, "text[]", []string{})
	echo(t, db, "bigint[]", []int64{})
	echo(t, db, "bigint[]", []int64(nil))
	if err := db.Read(t.Context(), func(on postgres.DBTX) error {
		return on.QueryRow(t.Context(), "SELECT NULL::uuid").Scan(new(uuid.UUID))
	}); err == nil {
		t.Error("NULL was accepted as an id")
	}
}
