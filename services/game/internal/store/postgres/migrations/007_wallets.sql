-- +goose Up

-- Nothing here: SQLite's wallets say what indexes say on PostgreSQL, where the release before must find them while it still runs.
SELECT 1;
