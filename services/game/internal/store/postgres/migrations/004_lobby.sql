-- +goose Up

-- Who created a table, whether it is private, and how many seats are taken. Only the last one changes, with who sits down and
-- gets up, so that bets still touch no index.
ALTER TABLE games
    ADD COLUMN host_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD COLUMN private boolean NOT NULL DEFAULT false,
    ADD COLUMN seats_taken integer NOT NULL DEFAULT 0;

UPDATE games SET seats_taken = (SELECT COUNT(*) FROM seats WHERE game_id = games.id) WHERE status = 1;

-- games_open is left for the release before this one.
CREATE INDEX games_listed ON games (id) WHERE status = 1 AND NOT private;
CREATE INDEX games_with_seats ON games (id) WHERE status = 1 AND NOT private AND seats_taken < max_players;

-- The hash of the code that lets players into a private table.
CREATE TABLE join_codes (
    hash    bytea NOT NULL PRIMARY KEY,
    game_id uuid  NOT NULL UNIQUE
);

-- Who was let into a private table, and who may not talk at a table.
CREATE TABLE members (
    game_id   uuid    NOT NULL,
    player_id uuid    NOT NULL,
    admitted  boolean NOT NULL,
    muted     boolean NOT NULL,
    PRIMARY KEY (game_id, player_id)
);
