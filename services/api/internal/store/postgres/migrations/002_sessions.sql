-- +goose Up

-- Roles, methods and scopes are the numbers of the contract's enums; scopes are bits by them.

ALTER TABLE players ADD COLUMN role integer NOT NULL DEFAULT 1;

-- signs_from is from when a key signs, and token_life how long its tokens live: those of the releases before were 30 days.
ALTER TABLE signing_keys ADD COLUMN signs_from bigint NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN token_life bigint NOT NULL DEFAULT 2592000000000;

-- Of tokens there are hashes alone. nonce is what makes the newest secret from the one before, for who has that.
CREATE TABLE sessions (
    id            uuid    NOT NULL PRIMARY KEY,
    player_id     uuid    NOT NULL,
    method        integer NOT NULL,
    credential_id uuid    NOT NULL,
    scopes        bigint  NOT NULL,
    client        text    NOT NULL,
    created_at    bigint  NOT NULL,
    used_at       bigint  NOT NULL,
    expires_at    bigint  NOT NULL,
    ended_at      bigint  NOT NULL,
    family_hash   bytea   NOT NULL,
    secret_hash   bytea   NOT NULL,
    previous_hash bytea   NOT NULL,
    nonce         bytea   NOT NULL
);
CREATE INDEX sessions_by_player ON sessions (player_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at > 0;
