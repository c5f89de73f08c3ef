-- +goose Up

CREATE TABLE devices (
    id         TEXT   NOT NULL PRIMARY KEY,
    player_id  TEXT   NOT NULL,
    public_key BLOB   NOT NULL UNIQUE,
    client     TEXT   NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_player ON devices (player_id);

-- Challenges that were met. Those that were only asked for are kept nowhere.
CREATE TABLE used_challenges (
    hash       BLOB   NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at);

-- Passwords are argon2id hashes.
CREATE TABLE accounts (
    player_id  TEXT   NOT NULL PRIMARY KEY,
    email      TEXT   NOT NULL UNIQUE,
    password   TEXT   NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Codes that were sent by mail, one for each subject: a player who links an address, or an address whose password is forgotten.
CREATE TABLE codes (
    subject    TEXT    NOT NULL PRIMARY KEY,
    player_id  TEXT    NOT NULL,
    email      TEXT    NOT NULL,
    password   TEXT    NOT NULL,
    code_hash  BLOB    NOT NULL,
    attempts   INTEGER NOT NULL,
    expires_at INTEGER  NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_by_expiry ON codes (expires_at);
