-- +goose Up

-- A bet writes its wallet's row anyway, which now says what indexes said, two of which cost a bet a page of their own each: what
-- the player has on tables, and the wallet's latest transfer. Each transfer of a wallet has the one before it, so that they are listed
-- by following them.

ALTER TABLE accounts ADD COLUMN in_play INTEGER NOT NULL DEFAULT 0 CHECK (in_play >= 0);
ALTER TABLE accounts ADD COLUMN last_transfer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN from_previous INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN to_previous INTEGER NOT NULL DEFAULT 0;

-- By id: in the order of an index by wallets each page would be written again and again.
UPDATE transfers NOT INDEXED SET
    from_previous = MAX(
        COALESCE((SELECT MAX(o.id) FROM transfers AS o WHERE o.from_account = transfers.from_account AND substr(o.from_account, 1, 7) = 'player:' AND o.id < transfers.id), 0),
        COALESCE((SELECT MAX(i.id) FROM transfers AS i WHERE i.to_account = transfers.from_account AND substr(i.to_account, 1, 7) = 'player:' AND i.id < transfers.id), 0)),
    to_previous = MAX(
        COALESCE((SELECT MAX(o.id) FROM transfers AS o WHERE o.from_account = transfers.to_account AND substr(o.from_account, 1, 7) = 'player:' AND o.id < transfers.id), 0),
        COALESCE((SELECT MAX(i.id) FROM transfers AS i WHERE i.to_account = transfers.to_account AND substr(i.to_account, 1, 7) = 'player:' AND i.id < transfers.id), 0));
UPDATE accounts SET last_transfer = MAX(
    COALESCE((SELECT MAX(o.id) FROM transfers AS o WHERE o.from_account = accounts.id AND substr(o.from_account, 1, 7) = 'player:'), 0),
    COALESCE((SELECT MAX(i.id) FROM transfers AS i WHERE i.to_account = accounts.id AND substr(i.to_account, 1, 7) = 'player:'), 0)),
    in_play = COALESCE((SELECT SUM(b.amount + b.commission) FROM bets AS b WHERE b.player_id = substr(accounts.id, 8) AND b.status = 1), 0)
WHERE substr(id, 1, 7) = 'player:';

DROP INDEX bets_in_play;
DROP INDEX transfers_from_wallet;
DROP INDEX transfers_to_wallet;
