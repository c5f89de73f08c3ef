-- +goose Up

-- Times are microseconds since 1970. Kinds are the numbers of the contract's enum.

CREATE TABLE players (
    id         TEXT    NOT NULL PRIMARY KEY,
    kind       INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Private keys lie here in the clear; the file is readable by the service alone.
CREATE TABLE signing_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    seed       BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
