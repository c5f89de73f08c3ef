-- name: InsertGame :exec
INSERT INTO games (id, status, max_players, min_bet, max_bet, hand, round, point, rolls, rolling, shooter_id, sequence,
                   turn_due_at, created_at, updated_at, totals, pairs, hard, points_made, pass_wins, exposure, host_id,
                   private, seats_taken, updated_minute, left_seat)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: UpdateGame :execrows
-- Leaves out indexed columns: SQLite would rewrite the entries of each index on an updated column, changed or not.
UPDATE games
SET hand = ?, round = ?, point = ?, rolls = ?, rolling = ?, shooter_id = ?, sequence = ?, updated_at = ?, totals = ?, pairs = ?,
    hard = ?, points_made = ?, pass_wins = ?, exposure = ?, left_seat = ?
WHERE id = ?;

-- name: UpdateListing :execrows
UPDATE games SET status = ?, turn_due_at = ?, updated_minute = ?, seats_taken = ?, host_id = ? WHERE id = ?;

-- name: GamesOf :many
SELECT * FROM games WHERE id IN (SELECT value FROM json_each(CAST(sqlc.arg(games) AS TEXT)));

-- name: OpenGames :many
SELECT * FROM games WHERE status = 1 AND private = 0 AND id < sqlc.arg(after) ORDER BY id DESC LIMIT sqlc.arg(count);

-- name: OpenGamesWithSeats :many
SELECT * FROM games WHERE status = 1 AND private = 0 AND seats_taken < max_players AND id < sqlc.arg(after)
ORDER BY id DESC LIMIT sqlc.arg(count);

-- name: GameByCode :one
SELECT game_id FROM join_codes WHERE hash = ?;

-- name: SaveJoinCode :exec
INSERT INTO join_codes (hash, game_id) VALUES (?, ?) ON CONFLICT (game_id) DO UPDATE SET hash = excluded.hash;

-- name: Member :one
SELECT * FROM members WHERE game_id = ? AND player_id = ?;

-- name: SaveMember :exec
INSERT INTO members (game_id, player_id, admitted, muted) VALUES (?, ?, ?, ?)
ON CONFLICT (game_id, player_id) DO UPDATE SET admitted = excluded.admitted, muted = excluded.muted;

-- name: DeleteMember :exec
DELETE FROM members WHERE game_id = ? AND player_id = ?;

-- name: GamesWithPlayerData :many
SELECT s.game_id FROM seats AS s CROSS JOIN games AS g
    WHERE s.player_id = sqlc.arg(player_id) AND g.id = s.game_id AND g.status = 1 AND s.game_id > sqlc.arg(after)
UNION SELECT h.id FROM games AS h WHERE h.host_id = sqlc.arg(player_id) AND h.status = 1 AND h.id > sqlc.arg(after)
UNION SELECT m.game_id FROM members AS m WHERE m.player_id = sqlc.arg(player_id) AND m.game_id > sqlc.arg(after)
UNION SELECT c.game_id FROM chats AS c WHERE c.player_id = sqlc.arg(player_id) AND c.game_id > sqlc.arg(after)
ORDER BY 1 LIMIT sqlc.arg(count);

-- name: AddScore :exec
INSERT INTO scores (player_id, period, starts, rounds, bets, staked, returned, net) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (player_id, period, starts) DO UPDATE SET rounds = rounds + excluded.rounds, bets = bets + excluded.bets,
    staked = staked + excluded.staked, returned = returned + excluded.returned, net = net + excluded.net;

-- name: Leaders :many
SELECT * FROM scores
WHERE period = sqlc.arg(period) AND starts = sqlc.arg(starts) AND (net, player_id) < (sqlc.arg(net), CAST(sqlc.arg(after) AS TEXT))
ORDER BY net DESC, player_id DESC LIMIT sqlc.arg(count);

-- name: Score :one
SELECT * FROM scores WHERE player_id = ? AND period = ? AND starts = ?;

-- name: DeleteScores :exec
DELETE FROM scores WHERE player_id = ?;

-- name: PruneScores :execrows
DELETE FROM scores WHERE (player_id, period, starts) IN (
    SELECT o.player_id, o.period, o.starts FROM scores AS o WHERE o.period = sqlc.arg(period) AND o.starts < sqlc.arg(before)
    ORDER BY o.starts LIMIT sqlc.arg(count));

-- name: Rolls :many
SELECT CAST(r.first_die + r.second_die AS INTEGER) AS total, r.call, COUNT(*) AS count FROM (
    SELECT first_die, second_die, call FROM rounds WHERE game_id = sqlc.arg(game_id) AND status = 2 ORDER BY number DESC LIMIT sqlc.arg(count)) AS r
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: TurnsDue :many
SELECT id FROM games WHERE turn_due_at > 0 AND turn_due_at <= sqlc.arg(now) ORDER BY turn_due_at LIMIT sqlc.arg(count);

-- name: IdleGames :many
SELECT id FROM games
WHERE status = 1 AND updated_minute <= sqlc.arg(since_minute) AND updated_at <= sqlc.arg(since) AND rolling = 0
ORDER BY updated_minute LIMIT sqlc.arg(count);

-- name: SeatsOf :many
SELECT * FROM seats WHERE game_id IN (SELECT value FROM json_each(CAST(sqlc.arg(games) AS TEXT))) ORDER BY game_id, number;

-- name: InsertSeat :exec
INSERT INTO seats (game_id, number, player_id, joined_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: DeleteSeat :exec
DELETE FROM seats WHERE game_id = ? AND number = ?;

-- name: InsertBet :exec
INSERT INTO bets (id, game_id, player_id, wager, number, working, amount, commission, seed, status, placed_round,
                  decided_round, payout, placed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: UpdateBet :execrows
UPDATE bets
SET number = ?, working = ?, amount = ?, commission = ?, status = ?, decided_round = ?, payout = ?
WHERE id = ? AND status = 1;

-- name: Bet :one
SELECT * FROM bets WHERE id = ?;

-- name: LiveBets :many
SELECT * FROM bets WHERE game_id = ? AND status = 1 ORDER BY id;

-- name: LiveBetsOf :many
SELECT b.* FROM json_each(CAST(sqlc.arg(games) AS TEXT)) AS k CROSS JOIN bets AS b WHERE b.game_id = k.value AND b.status = 1
ORDER BY b.id;

-- name: BetsOfPlayer :many
-- Live bets and decided bets have separate indexes.
SELECT l.* FROM bets AS l
WHERE l.game_id = sqlc.arg(game_id) AND l.player_id = sqlc.arg(player_id) AND l.id < sqlc.arg(after) AND l.status = 1
  AND (sqlc.arg(status) = 0 OR l.status = sqlc.arg(status))
UNION ALL
SELECT d.* FROM bets AS d
WHERE d.game_id = sqlc.arg(game_id) AND d.player_id = sqlc.arg(player_id) AND d.id < sqlc.arg(after) AND d.status <> 1
  AND (sqlc.arg(status) = 0 OR d.status = sqlc.arg(status))
ORDER BY id DESC LIMIT sqlc.arg(count);

-- name: InsertRound :exec
INSERT INTO rounds (game_id, number, status, commitment, state, bets, first_die, second_die, call, height, beacon_height,
                    beacon_signature, sequence, closed_at, settled_at)
VALUES (?, ?, 1, ?, ?, ?, 0, 0, '', 0, 0, x'', 0, ?, 0);

-- name: SettleRound :execrows
UPDATE rounds
SET status = 2, first_die = ?, second_die = ?, call = ?, height = ?, beacon_height = ?, beacon_signature = ?,
    sequence = ?, settled_at = ?
WHERE game_id = ? AND number = ? AND status = 1;

-- name: Round :one
SELECT * FROM rounds WHERE game_id = ? AND number = ?;

-- name: Rounds :many
-- Leaves out state and bets: they are as large as all bets of a table, and no list shows them.
SELECT game_id, number, status, commitment, first_die, second_die, call, height, beacon_height, beacon_signature, sequence,
    closed_at, settled_at, CAST('' AS BLOB) AS state, CAST('' AS BLOB) AS bets
FROM rounds WHERE game_id = sqlc.arg(game_id) AND number < sqlc.arg(below) ORDER BY number DESC LIMIT sqlc.arg(count);

-- name: LatestSettledRound :one
-- A game's latest settled round comes before its current one. No index finds the latest of all games: it is read only at a start.
SELECT r.* FROM rounds AS r
WHERE (r.game_id, r.number) IN (SELECT g.id, g.round - 1 FROM games AS g WHERE g.round > 1 ORDER BY g.updated_at DESC LIMIT 100)
ORDER BY r.settled_at DESC LIMIT 1;

-- name: UnsettledRounds :many
SELECT game_id, number, closed_at FROM rounds WHERE status = 1 AND closed_at >= sqlc.arg(since) AND closed_at <= sqlc.arg(before) ORDER BY closed_at LIMIT sqlc.arg(count);

-- name: Account :one
SELECT * FROM accounts WHERE id = ?;

-- name: Accounts :many
SELECT * FROM accounts WHERE id IN (SELECT value FROM json_each(CAST(sqlc.arg(names) AS TEXT)));

-- name: UpdateProtection :execrows
UPDATE accounts SET protection = sqlc.arg(protection) WHERE id = sqlc.arg(id);

-- name: OpenAccount :exec
INSERT INTO accounts (id, balance, in_play, last_transfer) VALUES (?, ?, ?, ?);

-- name: UpdateAccount :execrows
UPDATE accounts SET balance = ?, in_play = ?, last_transfer = ? WHERE id = ?;

-- name: InsertResult :exec
INSERT INTO results (game_id, round, player_id, bets, payout, balance) VALUES (?, ?, ?, ?, ?, ?);

-- name: Result :one
SELECT * FROM results WHERE game_id = ? AND round = ? AND player_id = ?;

-- name: LastTransfer :one
SELECT CAST(COALESCE(MAX(id), 0) AS INTEGER) FROM transfers;

-- name: InsertTransfer :exec
INSERT INTO transfers (id, from_account, to_account, amount, from_balance, to_balance, from_previous, to_previous, reason, game_id,
                       round, bet_id, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: Transfer :one
SELECT * FROM transfers WHERE id = ?;

-- name: TransfersOf :many
-- Returns a wallet's transfers from a given one backwards, by following from_previous and to_previous.
WITH RECURSIVE chain (id) AS (
    SELECT CAST(sqlc.arg(newest) AS INTEGER) AS id
    UNION ALL
    SELECT CASE CAST(sqlc.arg(wallet) AS TEXT) WHEN n.from_account THEN n.from_previous ELSE n.to_previous END AS id
    FROM chain AS c CROSS JOIN transfers AS n WHERE n.id = c.id)
SELECT t.* FROM chain AS c CROSS JOIN transfers AS t WHERE t.id = c.id LIMIT sqlc.arg(count);

-- name: InsertEvent :exec
INSERT INTO events (game_id, sequence, event) VALUES (?, ?, ?);

-- name: Events :many
SELECT event FROM events WHERE game_id = sqlc.arg(game_id) AND sequence > sqlc.arg(after) ORDER BY sequence LIMIT sqlc.arg(count);

-- name: InsertChat :exec
INSERT INTO chats (player_id, game_id, sequence) VALUES (?, ?, ?);

-- name: ChatOf :many
SELECT e.event, e.sequence FROM chats AS c CROSS JOIN events AS e
WHERE c.player_id = sqlc.arg(player_id) AND c.game_id = sqlc.arg(game_id) AND e.game_id = c.game_id AND e.sequence = c.sequence
ORDER BY e.sequence LIMIT sqlc.arg(count);

-- name: UpdateEvent :execrows
UPDATE events SET event = ? WHERE game_id = ? AND sequence = ?;

-- name: DeleteChat :execrows
DELETE FROM chats WHERE player_id = ? AND game_id = ? AND sequence = ?;

-- name: RequestsOf :many
SELECT r.* FROM json_each(CAST(sqlc.arg(keys) AS TEXT)) AS k CROSS JOIN requests AS r WHERE r.player_id = k.value ->> 0 AND r.id = k.value ->> 1;

-- name: InsertRequest :exec
INSERT INTO requests (player_id, id, fingerprint, response, created_at) VALUES (?, ?, ?, ?, ?);

-- name: PruneRequests :execrows
DELETE FROM requests WHERE (player_id, id) IN (
    SELECT r.player_id, r.id FROM requests AS r WHERE r.created_at < sqlc.arg(before) ORDER BY r.created_at LIMIT sqlc.arg(count)
);
