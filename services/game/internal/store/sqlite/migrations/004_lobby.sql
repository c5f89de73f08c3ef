-- +goose Up

-- Who created a table, whether it is private, and how many seats are taken.
ALTER TABLE games ADD COLUMN host_id TEXT NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000';
ALTER TABLE games ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
ALTER TABLE games ADD COLUMN seats_taken INTEGER NOT NULL DEFAULT 0;

UPDATE games SET seats_taken = (SELECT COUNT(*) FROM seats WHERE game_id = games.id) WHERE status = 1;

-- games_open is left for the release before this one.
CREATE INDEX games_listed ON games (id) WHERE status = 1 AND private = 0;
CREATE INDEX games_with_seats ON games (id) WHERE status = 1 AND private = 0 AND seats_taken < max_players;

-- The hash of the code that lets players into a private table.
CREATE TABLE join_codes (
    hash    BLOB NOT NULL PRIMARY KEY,
    game_id TEXT NOT NULL UNIQUE REFERENCES games (id)
) STRICT, WITHOUT ROWID;

-- Who was let into a private table, and who may not talk at a table.
CREATE TABLE members (
    game_id   TEXT    NOT NULL REFERENCES games (id),
    player_id TEXT    NOT NULL,
    admitted  INTEGER NOT NULL,
    muted     INTEGER NOT NULL,
    PRIMARY KEY (game_id, player_id)
) STRICT, WITHOUT ROWID;
