-- +goose Up

-- Times are microseconds since 1970. Statuses are the numbers of the contract's enums.

CREATE TABLE games (
    id          TEXT    NOT NULL PRIMARY KEY,
    status      INTEGER NOT NULL,
    max_players INTEGER NOT NULL,
    min_bet     INTEGER NOT NULL,
    max_bet     INTEGER NOT NULL,
    hand        INTEGER NOT NULL,
    round       INTEGER NOT NULL,
    point       INTEGER NOT NULL,
    rolls       INTEGER NOT NULL,
    rolling     INTEGER NOT NULL,
    shooter_id  TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    turn_due_at INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX games_open ON games (id) WHERE status = 1;
CREATE INDEX games_turn_due ON games (turn_due_at) WHERE turn_due_at > 0;
CREATE INDEX games_idle ON games (updated_at) WHERE status = 1;

CREATE TABLE seats (
    game_id   TEXT    NOT NULL REFERENCES games (id),
    number    INTEGER NOT NULL,
    player_id TEXT    NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (game_id, number),
    UNIQUE (game_id, player_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE bets (
    id            TEXT    NOT NULL PRIMARY KEY,
    game_id       TEXT    NOT NULL REFERENCES games (id),
    player_id     TEXT    NOT NULL,
    wager         INTEGER NOT NULL,
    number        INTEGER NOT NULL,
    working       INTEGER NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount > 0),
    seed          TEXT    NOT NULL,
    status        INTEGER NOT NULL,
    placed_round  INTEGER NOT NULL,
    decided_round INTEGER NOT NULL,
    payout        INTEGER NOT NULL,
    placed_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX bets_live ON bets (game_id, player_id, wager, number) WHERE status = 1;
CREATE INDEX bets_in_play ON bets (player_id) WHERE status = 1;
CREATE INDEX bets_by_player ON bets (game_id, player_id, id);

CREATE TABLE rounds (
    game_id          TEXT    NOT NULL REFERENCES games (id),
    number           INTEGER NOT NULL,
    status           INTEGER NOT NULL,
    commitment       BLOB    NOT NULL,
    first_die        INTEGER NOT NULL,
    second_die       INTEGER NOT NULL,
    call             TEXT    NOT NULL,
    height           INTEGER NOT NULL,
    beacon_height    INTEGER NOT NULL,
    beacon_signature BLOB    NOT NULL,
    sequence         INTEGER NOT NULL,
    closed_at        INTEGER NOT NULL,
    settled_at       INTEGER NOT NULL,
    PRIMARY KEY (game_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX rounds_unsettled ON rounds (closed_at) WHERE status = 1;

CREATE TABLE accounts (
    id      TEXT    NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL CHECK (balance >= 0 OR id = 'issuance')
) STRICT, WITHOUT ROWID;

CREATE TABLE transfers (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    from_account TEXT    NOT NULL REFERENCES accounts (id),
    to_account   TEXT    NOT NULL REFERENCES accounts (id),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    from_balance INTEGER NOT NULL,
    to_balance   INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    game_id      TEXT    NOT NULL,
    round        INTEGER NOT NULL,
    bet_id       TEXT    NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

CREATE INDEX transfers_from ON transfers (from_account, id);
CREATE INDEX transfers_to ON transfers (to_account, id);

CREATE TABLE events (
    game_id  TEXT    NOT NULL REFERENCES games (id),
    sequence INTEGER NOT NULL,
    event    BLOB    NOT NULL,
    PRIMARY KEY (game_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
    player_id   TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    response    BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (player_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_created ON requests (created_at);
