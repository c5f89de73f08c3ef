-- +goose Up

-- The number of the seat of a shooter who left in the middle of a hand: the dice go on from there. 0 for none.
ALTER TABLE games ADD COLUMN left_seat INTEGER NOT NULL DEFAULT 0;
