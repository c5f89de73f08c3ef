package testserver_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

func TestMain(m *testing.M) { testserver.Main(m) }

func run(t *testing.T, url, statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestDatabasesAreCopiesOfOneTemplate(t *testing.T) {
	migrations := 0
	create := func(_ context.Context, url string) (from, to int64, err error) {
		migrations++
		run(t, url, "CREATE TABLE things (n integer PRIMARY KEY)")
		return 0, 1, nil
	}
	template := "things_" + strings.ToLower(rand.Text()) // The server outlives this test.
	for range 2 {                                        // Each has its own rows.
		run(t, testserver.Database(t, template, create), "INSERT INTO things VALUES (1)")
	}
	if migrations != 1 {
		t.Errorf("%d migrations", migrations)
	}
}

func TestDataSurvivesARestart(t *testing.T) {
	server := testserver.NewPostgres(t)
	server.Exec(t, "CREATE TABLE things (n integer PRIMARY KEY)")
	for _, signal := range []string{"INT", "QUIT"} {
		server.Restart(t, signal)
		run(t, server.URL("postgres"), "TABLE things")
	}
}
