-- +goose Up

-- Roles, methods and scopes are the numbers of the contract's enums; scopes are bits by them.

ALTER TABLE players ADD COLUMN role INTEGER NOT NULL DEFAULT 1;

-- signs_from is from when a key signs, and token_life how long its tokens live: those of the releases before were 30 days.
ALTER TABLE signing_keys ADD COLUMN signs_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN token_life INTEGER NOT NULL DEFAULT 2592000000000;

-- Of tokens there are hashes alone. nonce is what makes the newest secret from the one before, for who has that.
CREATE TABLE sessions (
    id            TEXT    NOT NULL PRIMARY KEY,
    player_id     TEXT    NOT NULL,
    method        INTEGER NOT NULL,
    credential_id TEXT    NOT NULL,
    scopes        INTEGER NOT NULL,
    client        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    used_at       INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER NOT NULL,
    family_hash   BLOB    NOT NULL,
    secret_hash   BLOB    NOT NULL,
    previous_hash BLOB    NOT NULL,
    nonce         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_player ON sessions (player_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at > 0;
