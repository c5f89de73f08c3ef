-- +goose Up

-- What bets look back on, in the bits of libs/craps, and what the bets on the table can win.
ALTER TABLE games ADD COLUMN totals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE games ADD COLUMN pairs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE games ADD COLUMN hard INTEGER NOT NULL DEFAULT 0;
ALTER TABLE games ADD COLUMN points_made INTEGER NOT NULL DEFAULT 0;
ALTER TABLE games ADD COLUMN pass_wins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE games ADD COLUMN exposure INTEGER NOT NULL DEFAULT 0;

ALTER TABLE bets ADD COLUMN commission INTEGER NOT NULL DEFAULT 0;

-- The canonical encodings that a round's commitment is made of; empty for rounds from before receipts.
ALTER TABLE rounds ADD COLUMN state BLOB NOT NULL DEFAULT x'';
ALTER TABLE rounds ADD COLUMN bets BLOB NOT NULL DEFAULT x'';

-- What each settled round did to each player who had bets.
CREATE TABLE results (
    game_id   TEXT    NOT NULL REFERENCES games (id),
    round     INTEGER NOT NULL,
    player_id TEXT    NOT NULL,
    bets      INTEGER NOT NULL,
    payout    INTEGER NOT NULL,
    balance   INTEGER NOT NULL,
    PRIMARY KEY (game_id, round, player_id)
) STRICT, WITHOUT ROWID;
