package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestOnlyOneCandidateLeads(t *testing.T) {
	url := empty(t)
	first, second := open(t, url).Candidate("census"), open(t, url).Candidate("census")
	for range 2 { // The leader stays leader.
		if leads, err := first.Lead(t.Context()); err != nil || !leads {
			t.Fatalf("the first one: %v, %v", leads, err)
		}
		if leads, err := second.Lead(t.Context()); err != nil || leads {
			t.Fatalf("the second one: %v, %v", leads, err)
		}
	}
	first.Resign(t.Context())
	leads := false
	for err := error(nil); !leads; { // The server takes a moment to notice that a connection has ended.
		if leads, err = second.Lead(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kill(t, url)
	if leads, err := second.Lead(t.Context()); err == nil || leads {
		t.Errorf("without its connection it leads: %v, %v", leads, err)
	}
	for leads := false; !leads; {
		leads, _ = first.Lead(t.Context()) // The pool has dead connections too.
	}
	first.Resign(t.Context())
	second.Resign(t.Context())
}

// kill ends every other connection to the database.
func kill(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
}
