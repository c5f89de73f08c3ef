package postgres

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestErrorsForCallers has errors of each kind; those of connections are made by pgconn itself.
func TestErrorsForCallers(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want errorsv1.Reason
	}{
		"demoted":              {&pgconn.PgError{Code: "25006"}, errorsv1.Reason_REASON_UNAVAILABLE},
		"shutdown":             {&pgconn.PgError{Code: "57P01"}, errorsv1.Reason_REASON_UNAVAILABLE},
		"no connection left":   {&pgconn.PgError{Code: "53300"}, errorsv1.Reason_REASON_UNAVAILABLE},
		"full":                 {&pgconn.PgError{Code: "53100"}, errorsv1.Reason_REASON_STORAGE_FULL},
		"broken statement":     {&pgconn.PgError{Code: "42601"}, errorsv1.Reason_REASON_INTERNAL},
		"unique violation":     {&pgconn.PgError{Code: "23505"}, errorsv1.Reason_REASON_INTERNAL},
		"starts":               {refusal(t, "57P03"), errorsv1.Reason_REASON_UNAVAILABLE},
		"refuses the login":    {refusal(t, "28000"), errorsv1.Reason_REASON_UNAVAILABLE},
		"refuses the password": {refusal(t, "28P01"), errorsv1.Reason_REASON_UNAVAILABLE},
		"has no such database": {refusal(t, "3D000"), errorsv1.Reason_REASON_UNAVAILABLE},
		"full when it starts":  {refusal(t, "53100"), errorsv1.Reason_REASON_STORAGE_FULL},
		"not PostgreSQL's":     {errors.New("broken"), errorsv1.Reason_REASON_INTERNAL},
	} {
		if got := errs.Reason((&DB{}).forCaller(t.Context(), fmt.Errorf("load: %w", tc.err))); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

// refusal returns the error of connecting to a server that refuses the connection with a code.
func refusal(t *testing.T, code string) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		server := pgproto3.NewBackend(conn, conn)
		if _, err := server.ReceiveStartupMessage(); err != nil {
			return
		}
		server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: "refused"})
		_ = server.Flush()
	}()
	_, err = pgconn.Connect(t.Context(), fmt.Sprintf("postgresql://craps@%s/craps?sslmode=disable", listener.Addr()))
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok {
		t.Fatal(err)
	}
	return err
}
