-- +goose Up

CREATE TABLE devices (
    id         uuid   NOT NULL PRIMARY KEY,
    player_id  uuid   NOT NULL,
    public_key bytea  NOT NULL UNIQUE,
    client     text   NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX devices_by_player ON devices (player_id);

-- Challenges that were met. Those that were only asked for are kept nowhere.
CREATE TABLE used_challenges (
    hash       bytea  NOT NULL PRIMARY KEY,
    expires_at bigint NOT NULL
);
CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at);

-- Passwords are argon2id hashes.
CREATE TABLE accounts (
    player_id  uuid   NOT NULL PRIMARY KEY,
    email      text   NOT NULL UNIQUE,
    password   text   NOT NULL,
    created_at bigint NOT NULL
);

-- Codes that were sent by mail, one for each subject: a player who links an address, or an address whose password is forgotten.
CREATE TABLE codes (
    subject    text    NOT NULL PRIMARY KEY,
    player_id  uuid    NOT NULL,
    email      text    NOT NULL,
    password   text    NOT NULL,
    code_hash  bytea   NOT NULL,
    attempts   bigint  NOT NULL,
    expires_at bigint  NOT NULL
);
CREATE INDEX codes_by_expiry ON codes (expires_at);
