-- +goose Up

-- Times are microseconds since 1970. Statuses are the numbers of the contract's enums.
--
-- Every bet writes games, accounts, bets, transfers and events, so these have what the bet path needs and no more:
-- - Rows that are updated in place leave room on their page, and no index holds a column that changes with every bet, so
--   updates touch no index (HOT).
-- - They have no foreign keys. A row is written only under the lock of its game, in the transaction that loaded it, and a
--   check for each row costs more than the row. The audit would find money and bets that belong to nothing.

CREATE TABLE games (
    id             uuid    NOT NULL PRIMARY KEY,
    status         integer NOT NULL,
    max_players    integer NOT NULL,
    min_bet        bigint  NOT NULL,
    max_bet        bigint  NOT NULL,
    hand           bigint  NOT NULL,
    round          bigint  NOT NULL,
    point          integer NOT NULL,
    rolls          bigint  NOT NULL,
    rolling        boolean NOT NULL,
    shooter_id     uuid    NOT NULL,
    sequence       bigint  NOT NULL,
    turn_due_at    bigint  NOT NULL,
    created_at     bigint  NOT NULL,
    updated_at     bigint  NOT NULL,
    -- The index of idle games is on the minute, which most bets leave as it is. An index on updated_at would grow by an
    -- entry with each of them.
    updated_minute bigint  NOT NULL GENERATED ALWAYS AS (updated_at / 60000000) STORED
) WITH (fillfactor = 50);

CREATE INDEX games_open ON games (id) WHERE status = 1;
CREATE INDEX games_turn_due ON games (turn_due_at) WHERE turn_due_at > 0;
CREATE INDEX games_idle ON games (updated_minute) WHERE status = 1;

CREATE TABLE seats (
    game_id   uuid    NOT NULL REFERENCES games (id),
    number    integer NOT NULL,
    player_id uuid    NOT NULL,
    joined_at bigint  NOT NULL,
    PRIMARY KEY (game_id, number),
    UNIQUE (game_id, player_id)
);

CREATE TABLE bets (
    id            uuid    NOT NULL PRIMARY KEY,
    game_id       uuid    NOT NULL,
    player_id     uuid    NOT NULL,
    wager         integer NOT NULL,
    number        integer NOT NULL,
    working       boolean NOT NULL,
    amount        bigint  NOT NULL CHECK (amount > 0),
    seed          text    NOT NULL,
    status        integer NOT NULL,
    placed_round  bigint  NOT NULL,
    decided_round bigint  NOT NULL,
    payout        bigint  NOT NULL,
    placed_at     bigint  NOT NULL
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX bets_live ON bets (game_id, player_id, wager, number) WHERE status = 1;
-- For a moment after a start the planner takes any index of few rows for as good as another. What is written so is for one
-- query alone, which is written so too.
CREATE INDEX bets_in_play ON bets (player_id) WHERE status + 0 = 1;
CREATE INDEX bets_by_player ON bets (player_id, game_id, id);

CREATE TABLE rounds (
    game_id          uuid    NOT NULL REFERENCES games (id),
    number           bigint  NOT NULL,
    status           integer NOT NULL,
    commitment       bytea   NOT NULL,
    first_die        integer NOT NULL,
    second_die       integer NOT NULL,
    call             text    NOT NULL,
    height           bigint  NOT NULL,
    beacon_height    bigint  NOT NULL,
    beacon_signature bytea   NOT NULL,
    sequence         bigint  NOT NULL,
    closed_at        bigint  NOT NULL,
    settled_at       bigint  NOT NULL,
    PRIMARY KEY (game_id, number)
);

CREATE INDEX rounds_unsettled ON rounds (closed_at) WHERE status = 1;

-- Accounts lock and sort by the bytes of their names, whatever the database's collation is.
CREATE TABLE accounts (
    id      text COLLATE "C" NOT NULL PRIMARY KEY,
    balance bigint NOT NULL CONSTRAINT accounts_balance CHECK (balance >= 0 OR id = 'issuance')
) WITH (fillfactor = 50);

CREATE TABLE transfers (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_account text COLLATE "C" NOT NULL,
    to_account   text COLLATE "C" NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    from_balance bigint NOT NULL,
    to_balance   bigint NOT NULL,
    reason       text   NOT NULL,
    game_id      uuid   NOT NULL,
    round        bigint NOT NULL,
    bet_id       uuid   NOT NULL,
    at           bigint NOT NULL
);

CREATE INDEX transfers_from ON transfers (from_account, id);
CREATE INDEX transfers_to ON transfers (to_account, id);

CREATE TABLE events (
    game_id  uuid   NOT NULL,
    sequence bigint NOT NULL,
    event    bytea  NOT NULL,
    PRIMARY KEY (game_id, sequence)
);

CREATE TABLE requests (
    player_id   uuid   NOT NULL,
    id          text COLLATE "C" NOT NULL,
    fingerprint bytea  NOT NULL,
    response    bytea  NOT NULL,
    created_at  bigint NOT NULL,
    PRIMARY KEY (player_id, id)
);

CREATE INDEX requests_created ON requests (created_at);

-- Fails a statement that did not change the rows that its transaction holds. The commit travels with the statement, so
-- only the server can stop it.
-- +goose StatementBegin
CREATE FUNCTION expect_rows(changed bigint, wanted bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF changed <> wanted THEN
        RAISE EXCEPTION '% rows changed instead of %', changed, wanted USING ERRCODE = 'BC001';
    END IF;
    RETURN true;
END
$$;
-- +goose StatementEnd
