-- +goose Up

-- What a bet writes is kept small: an index has an entry for each bet only where something looks there for live bets, or for what a
-- wallet moved.

DROP INDEX bets_by_player;
CREATE INDEX bets_decided ON bets (game_id, player_id, id) WHERE status <> 1;

DROP INDEX transfers_from;
DROP INDEX transfers_to;
CREATE INDEX transfers_from_wallet ON transfers (from_account, id) WHERE substr(from_account, 1, 7) = 'player:';
CREATE INDEX transfers_to_wallet ON transfers (to_account, id) WHERE substr(to_account, 1, 7) = 'player:';

-- Nothing has read it since games_listed.
DROP INDEX games_open;

-- A bet seldom moves an entry of an index of games: the one of idle games is on the minute.
ALTER TABLE games ADD COLUMN updated_minute INTEGER NOT NULL DEFAULT 0;
UPDATE games SET updated_minute = updated_at / 60000000;
DROP INDEX games_idle;
CREATE INDEX games_idle ON games (updated_minute) WHERE status = 1;
