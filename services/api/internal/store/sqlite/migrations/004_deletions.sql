-- +goose Up

-- Deleted players of whom the tables have not heard yet.
CREATE TABLE deletions (
    player_id  TEXT    NOT NULL PRIMARY KEY,
    deleted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deletions_by_time ON deletions (deleted_at);
