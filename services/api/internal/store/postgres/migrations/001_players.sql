-- +goose Up

-- Times are microseconds since 1970. Kinds are the numbers of the contract's enum.

CREATE TABLE players (
    id         uuid    NOT NULL PRIMARY KEY,
    kind       integer NOT NULL,
    created_at bigint  NOT NULL
);

-- Private keys lie here in the clear; the role that owns the table is the service's alone.
CREATE TABLE signing_keys (
    id         text   NOT NULL PRIMARY KEY,
    seed       bytea  NOT NULL,
    created_at bigint NOT NULL
);
