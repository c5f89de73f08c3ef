-- +goose Up

-- What the owner of a wallet has set against harm, in JSON; empty for most. It is in the wallet's row, which every bet locks
-- and reads anyway.
ALTER TABLE accounts ADD COLUMN protection text NOT NULL DEFAULT '';
