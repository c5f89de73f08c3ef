-- +goose Up

-- What bets look back on, in the bits of libs/craps, and what the bets on the table can win.
ALTER TABLE games
    ADD COLUMN totals bigint NOT NULL DEFAULT 0,
    ADD COLUMN pairs bigint NOT NULL DEFAULT 0,
    ADD COLUMN hard bigint NOT NULL DEFAULT 0,
    ADD COLUMN points_made bigint NOT NULL DEFAULT 0,
    ADD COLUMN pass_wins bigint NOT NULL DEFAULT 0,
    ADD COLUMN exposure bigint NOT NULL DEFAULT 0;

ALTER TABLE bets ADD COLUMN commission bigint NOT NULL DEFAULT 0;

-- The canonical encodings that a round's commitment is made of; empty for rounds from before receipts.
ALTER TABLE rounds
    ADD COLUMN state bytea NOT NULL DEFAULT '',
    ADD COLUMN bets bytea NOT NULL DEFAULT '';

-- What each settled round did to each player who had bets.
CREATE TABLE results (
    game_id   uuid    NOT NULL,
    round     bigint  NOT NULL,
    player_id uuid    NOT NULL,
    bets      integer NOT NULL,
    payout    bigint  NOT NULL,
    balance   bigint  NOT NULL,
    PRIMARY KEY (game_id, round, player_id)
);
