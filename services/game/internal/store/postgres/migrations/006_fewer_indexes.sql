-- +goose Up

-- What a bet writes is kept small: an index has an entry for each bet only where something looks there for live bets, or for what a
-- wallet moved. The release before reads such lists the long way until it is stopped.

-- Nothing has read it since games_listed. It is the first to go: who bets locks games first, and waits there until the others are made.
DROP INDEX games_open;

DROP INDEX bets_by_player;
CREATE INDEX bets_decided ON bets (game_id, player_id, id) WHERE status <> 1;

DROP INDEX transfers_from;
DROP INDEX transfers_to;
CREATE INDEX transfers_from_wallet ON transfers (from_account, id) WHERE substr(from_account, 1, 7) = 'player:';
CREATE INDEX transfers_to_wallet ON transfers (to_account, id) WHERE substr(to_account, 1, 7) = 'player:';
