-- Populates game's database as after long operation: 1,000,000 players with their initial tokens, and 100,000 open tables with one
-- player each. The players themselves belong to api; they are inserted there from the temporary table crowd.

CREATE TEMPORARY TABLE crowd AS
    SELECT n, gen_random_uuid() AS player, (EXTRACT(EPOCH FROM now()) * 1000000)::bigint AS at FROM generate_series(1, 1000000) AS n;

INSERT INTO accounts (id, balance) SELECT 'player:' || player, 1000 FROM crowd;

INSERT INTO transfers (from_account, to_account, amount, from_balance, to_balance, reason, game_id, round, bet_id, at)
    SELECT 'issuance', 'player:' || player, 1000, i.balance - n * 1000, 1000, 'grant', uuid_nil.id, 0, uuid_nil.id, at
    FROM crowd, accounts AS i, (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS id) AS uuid_nil WHERE i.id = 'issuance';

UPDATE accounts SET balance = balance - 1000000000 WHERE id = 'issuance';

WITH opened AS (
    INSERT INTO games (id, status, max_players, min_bet, max_bet, hand, round, point, rolls, rolling, shooter_id, sequence,
            turn_due_at, created_at, updated_at)
        SELECT gen_random_uuid(), 1, 8, 1, 1000, 1, 0, 0, 0, false, player, 2, 0, at, at FROM crowd WHERE n <= 100000
        RETURNING id, shooter_id, created_at)
INSERT INTO seats (game_id, number, player_id, joined_at) SELECT id, 0, shooter_id, created_at FROM opened;
