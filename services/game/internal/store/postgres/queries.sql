-- Plans are made once, maybe while a table is nearly empty and a sequential scan looks as cheap as a lookup by index. Besides
-- the settings of connections, these hints prevent that: a redundant LIMIT makes the planner estimate one row for an array,
-- OFFSET 0 keeps it from reversing a join, and status - 0 keeps it from using indexes that are for other queries.
--
-- All transactions lock in the same order: games, wallets and tables' accounts by their ids, then the accounts that all
-- tables share.

-- name: LockGames :many
SELECT sqlc.embed(g), g.xmin::xid AS version FROM games AS g WHERE g.id = ANY(@ids::uuid[]) ORDER BY g.id FOR UPDATE;

-- name: Game :one
-- One statement sees one snapshot, so it reads the seats with the game.
SELECT sqlc.embed(g), ARRAY(SELECT s.number FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::integer[] AS numbers,
    ARRAY(SELECT s.player_id FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::uuid[] AS players,
    ARRAY(SELECT s.joined_at FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::bigint[] AS joined_at
FROM games AS g WHERE g.id = $1;

-- name: SeatsOf :many
SELECT * FROM seats WHERE game_id = ANY(@games::uuid[]) ORDER BY game_id, number;

-- name: LockWallets :many
-- Locks the given wallets, and those of everybody who has a live bet at the given games.
SELECT * FROM accounts
WHERE id = ANY(ARRAY(
    SELECT unnest(@wallets::text[]) UNION
    SELECT 'player:' || b.player_id FROM (SELECT unnest(@games::uuid[]) AS game_id) AS k
        CROSS JOIN LATERAL (SELECT player_id FROM bets WHERE game_id = k.game_id AND status = 1 OFFSET 0) AS b))
ORDER BY id FOR UPDATE;

-- name: LockUnchangedWallets :exec
-- Locks wallets, which must have the given versions. Both lists are in the order of the ids.
WITH held AS MATERIALIZED (SELECT a.xmin::xid AS version FROM accounts AS a WHERE a.id = ANY(@ids::text[]) ORDER BY a.id FOR UPDATE)
SELECT written(COALESCE(array_agg(held.version) = @versions::xid[], false)::integer, 1) FROM held;

-- name: LockAccounts :many
SELECT * FROM accounts WHERE id = ANY(@ids::text[]) ORDER BY id IN ('house', 'issuance'), id FOR UPDATE;

-- name: Accounts :many
SELECT * FROM accounts WHERE id = ANY(@ids::text[]);

-- name: LiveBetsOf :many
SELECT b.* FROM (SELECT unnest(@games::uuid[]) AS game_id) AS k
    CROSS JOIN LATERAL (SELECT * FROM bets WHERE game_id = k.game_id AND status = 1 OFFSET 0) AS b;

-- name: LiveBetsOfPlayers :many
-- Returns the live bets of a player at a game, for each pair of the lists.
SELECT b.* FROM (SELECT unnest(@games::uuid[]) AS game_id, unnest(@players::uuid[]) AS player_id) AS k
    CROSS JOIN LATERAL (SELECT * FROM bets WHERE game_id = k.game_id AND player_id = k.player_id AND status = 1 OFFSET 0) AS b;

-- name: LiveBetsOnWagers :many
-- Returns the live bets of a player at a game on a wager, for each triple of the lists.
SELECT b.* FROM (SELECT unnest(@games::uuid[]) AS game_id, unnest(@players::uuid[]) AS player_id,
        unnest(@wagers::integer[]) AS wager) AS k
    CROSS JOIN LATERAL (
        SELECT * FROM bets WHERE game_id = k.game_id AND player_id = k.player_id AND bets.wager = k.wager AND status = 1 OFFSET 0) AS b;

-- name: InsertGames :one
WITH opened AS (
INSERT INTO games (id, status, max_players, min_bet, max_bet, hand, round, point, rolls, rolling, shooter_id, sequence,
                   turn_due_at, created_at, updated_at, totals, pairs, hard, points_made, pass_wins, exposure, host_id,
                   private, seats_taken, left_seat)
SELECT unnest(@ids::uuid[]), unnest(@statuses::integer[]), unnest(@max_players::integer[]), unnest(@min_bets::bigint[]),
    unnest(@max_bets::bigint[]), unnest(@hands::bigint[]), unnest(@rounds::bigint[]), unnest(@points::integer[]),
    unnest(@rolls::bigint[]), unnest(@rolling::boolean[]), unnest(@shooters::uuid[]), unnest(@sequences::bigint[]),
    unnest(@turns_due_at::bigint[]), unnest(@created_at::bigint[]), unnest(@updated_at::bigint[]), unnest(@totals::bigint[]),
    unnest(@pairs::bigint[]), unnest(@hard::bigint[]), unnest(@points_made::bigint[]), unnest(@pass_wins::bigint[]),
    unnest(@exposures::bigint[]), unnest(@hosts::uuid[]), unnest(@private::boolean[]), unnest(@seats_taken::integer[]),
    unnest(@left_seats::integer[]) RETURNING 1)
SELECT written(COUNT(*), CARDINALITY(@ids::uuid[])) FROM opened;

-- name: UpdateGames :one
WITH changed AS (
    UPDATE games AS g
    SET status = u.status, hand = u.hand, round = u.round, point = u.point, rolls = u.rolls, rolling = u.rolling,
        shooter_id = u.shooter_id, sequence = u.sequence, turn_due_at = u.turn_due_at, updated_at = u.updated_at,
        totals = u.totals, pairs = u.pairs, hard = u.hard, points_made = u.points_made, pass_wins = u.pass_wins,
        exposure = u.exposure, seats_taken = u.seats_taken, left_seat = u.left_seat, host_id = u.host_id
    FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@statuses::integer[]) AS status, unnest(@hands::bigint[]) AS hand,
              unnest(@rounds::bigint[]) AS round, unnest(@points::integer[]) AS point, unnest(@rolls::bigint[]) AS rolls,
              unnest(@rolling::boolean[]) AS rolling, unnest(@shooters::uuid[]) AS shooter_id,
              unnest(@sequences::bigint[]) AS sequence, unnest(@turns_due_at::bigint[]) AS turn_due_at,
              unnest(@updated_at::bigint[]) AS updated_at, unnest(@totals::bigint[]) AS totals,
              unnest(@pairs::bigint[]) AS pairs, unnest(@hard::bigint[]) AS hard, unnest(@points_made::bigint[]) AS points_made,
              unnest(@pass_wins::bigint[]) AS pass_wins, unnest(@exposures::bigint[]) AS exposure,
              unnest(@seats_taken::integer[]) AS seats_taken, unnest(@left_seats::integer[]) AS left_seat,
              unnest(@hosts::uuid[]) AS host_id,
              unnest(@versions::xid[]) AS version
          LIMIT CARDINALITY(@ids::uuid[])) AS u
    WHERE g.id = u.id AND (u.version = '0' OR g.xmin = u.version) RETURNING 1)
SELECT written(COUNT(*), CARDINALITY(@ids::uuid[])) FROM changed;

-- name: OpenGames :many
SELECT sqlc.embed(g), ARRAY(SELECT s.number FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::integer[] AS numbers,
    ARRAY(SELECT s.player_id FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::uuid[] AS players,
    ARRAY(SELECT s.joined_at FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::bigint[] AS joined_at
FROM games AS g WHERE g.status = 1 AND NOT g.private AND g.id < @after ORDER BY g.id DESC LIMIT sqlc.arg(count);

-- name: OpenGamesWithSeats :many
SELECT sqlc.embed(g), ARRAY(SELECT s.number FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::integer[] AS numbers,
    ARRAY(SELECT s.player_id FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::uuid[] AS players,
    ARRAY(SELECT s.joined_at FROM seats AS s WHERE s.game_id = g.id ORDER BY s.number)::bigint[] AS joined_at
FROM games AS g WHERE g.status = 1 AND NOT g.private AND g.seats_taken < g.max_players AND g.id < @after
ORDER BY g.id DESC LIMIT sqlc.arg(count);

-- name: GameByCode :one
SELECT game_id FROM join_codes WHERE hash = @hash;

-- name: SaveJoinCodes :exec
INSERT INTO join_codes (hash, game_id) SELECT unnest(@hashes::bytea[]), unnest(@games::uuid[])
ON CONFLICT (game_id) DO UPDATE SET hash = excluded.hash;

-- name: Members :many
SELECT * FROM members WHERE game_id = $1 AND player_id = $2;

-- name: SaveMembers :exec
INSERT INTO members (game_id, player_id, admitted, muted)
SELECT unnest(@games::uuid[]), unnest(@players::uuid[]), unnest(@admitted::boolean[]), unnest(@muted::boolean[])
ON CONFLICT (game_id, player_id) DO UPDATE SET admitted = excluded.admitted, muted = excluded.muted;

-- name: DeleteMembers :exec
DELETE FROM members WHERE (game_id, player_id) IN (
    SELECT unnest(@games::uuid[]), unnest(@players::uuid[]) LIMIT CARDINALITY(@games::uuid[]));

-- name: GamesWithPlayerData :many
SELECT s.game_id FROM seats AS s WHERE s.player_id = @player_id AND s.game_id > @after
    AND EXISTS (SELECT 1 FROM games AS g WHERE g.id = s.game_id AND g.status - 0 = 1 OFFSET 0)
UNION SELECT h.id FROM games AS h WHERE h.host_id = @player_id AND h.status = 1 AND h.id > @after
UNION SELECT m.game_id FROM members AS m WHERE m.player_id = @player_id AND m.game_id > @after
UNION SELECT c.game_id FROM chats AS c WHERE c.player_id = @player_id AND c.game_id > @after
ORDER BY 1 LIMIT sqlc.arg(count);

-- name: AddScores :exec
INSERT INTO scores AS s (player_id, period, starts, rounds, bets, staked, returned, net)
SELECT unnest(@players::uuid[]), unnest(@periods::text[]), unnest(@starts::bigint[]), unnest(@rounds::bigint[]),
    unnest(@bets::bigint[]), unnest(@staked::bigint[]), unnest(@returned::bigint[]), unnest(@net::bigint[])
ON CONFLICT (player_id, period, starts) DO UPDATE SET rounds = s.rounds + excluded.rounds, bets = s.bets + excluded.bets,
    staked = s.staked + excluded.staked, returned = s.returned + excluded.returned, net = s.net + excluded.net;

-- name: Leaders :many
SELECT * FROM scores
WHERE period = @period AND starts = @starts AND (net, player_id) < (@net::bigint, @player_id::uuid)
ORDER BY net DESC, player_id DESC LIMIT sqlc.arg(count);

-- name: Scores :many
SELECT s.* FROM (SELECT unnest(@periods::text[]) AS period, unnest(@starts::bigint[]) AS starts) AS k
    CROSS JOIN LATERAL (SELECT * FROM scores WHERE player_id = @player_id AND period = k.period AND starts = k.starts OFFSET 0) AS s;

-- name: DeleteScores :exec
DELETE FROM scores WHERE player_id = $1;

-- name: PruneScores :execrows
DELETE FROM scores WHERE (player_id, period, starts) IN (
    SELECT o.player_id, o.period, o.starts FROM scores AS o WHERE o.period = @period AND o.starts < @before
    ORDER BY o.starts LIMIT sqlc.arg(count));

-- name: Rolls :many
SELECT (r.first_die + r.second_die)::integer AS total, r.call, COUNT(*) AS count FROM (
    SELECT first_die, second_die, call FROM rounds WHERE game_id = @game_id AND status = 2 ORDER BY number DESC LIMIT sqlc.arg(count)) AS r
GROUP BY 1, 2 ORDER BY 1, 2;

-- name: TurnsDue :many
SELECT id FROM games WHERE turn_due_at > 0 AND turn_due_at <= @now ORDER BY turn_due_at LIMIT sqlc.arg(count);

-- name: IdleGames :many
SELECT id FROM games
WHERE status = 1 AND updated_minute <= @since_minute AND updated_at <= @since AND NOT rolling
ORDER BY updated_minute LIMIT sqlc.arg(count);

-- name: InsertSeats :exec
INSERT INTO seats (game_id, number, player_id, joined_at)
SELECT unnest(@games::uuid[]), unnest(@numbers::integer[]), unnest(@players::uuid[]), unnest(@joined_at::bigint[]);

-- name: DeleteSeats :exec
DELETE FROM seats WHERE (game_id, number) IN (
    SELECT unnest(@games::uuid[]), unnest(@numbers::integer[]) LIMIT CARDINALITY(@games::uuid[]));

-- name: InsertBets :exec
INSERT INTO bets (id, game_id, player_id, wager, number, working, amount, commission, seed, status, placed_round,
                  decided_round, payout, placed_at)
SELECT unnest(@ids::uuid[]), unnest(@games::uuid[]), unnest(@players::uuid[]), unnest(@wagers::integer[]),
    unnest(@numbers::integer[]), unnest(@working::boolean[]), unnest(@amounts::bigint[]), unnest(@commissions::bigint[]),
    unnest(@seeds::text[]), unnest(@statuses::integer[]), unnest(@placed_rounds::bigint[]), unnest(@decided_rounds::bigint[]),
    unnest(@payouts::bigint[]), unnest(@placed_at::bigint[]);

-- name: UpdateBets :exec
WITH changed AS (
    UPDATE bets AS b
    SET number = u.number, working = u.working, amount = u.amount, commission = u.commission, status = u.status,
        decided_round = u.decided_round, payout = u.payout
    FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@numbers::integer[]) AS number, unnest(@working::boolean[]) AS working,
              unnest(@amounts::bigint[]) AS amount, unnest(@commissions::bigint[]) AS commission,
              unnest(@statuses::integer[]) AS status, unnest(@decided_rounds::bigint[]) AS decided_round,
              unnest(@payouts::bigint[]) AS payout
          LIMIT CARDINALITY(@ids::uuid[])) AS u
    WHERE b.id = u.id AND b.status - 0 = 1 RETURNING 1)
SELECT expect_rows(COUNT(*), CARDINALITY(@ids::uuid[])) FROM changed;

-- name: Bets :many
SELECT * FROM bets WHERE id = $1;

-- name: LiveBets :many
SELECT * FROM bets WHERE game_id = $1 AND status = 1 ORDER BY id;

-- name: BetsOfPlayer :many
-- Live bets and decided bets have separate indexes.
SELECT b.* FROM bets AS b WHERE b.id IN (
    (SELECT l.id FROM bets AS l
     WHERE l.game_id = @game_id AND l.player_id = @player_id AND l.id < @after AND l.status = 1
         AND (@status::integer = 0 OR l.status = @status))
    UNION ALL
    (SELECT d.id FROM bets AS d
     WHERE d.game_id = @game_id AND d.player_id = @player_id AND d.id < @after AND d.status <> 1
         AND (@status::integer = 0 OR d.status = @status)
     ORDER BY d.id DESC LIMIT sqlc.arg(count)))
ORDER BY b.id DESC LIMIT sqlc.arg(count);

-- name: InPlay :one
SELECT COALESCE(SUM(amount + commission), 0)::bigint FROM bets WHERE player_id = $1 AND status + 0 = 1;

-- name: InsertRounds :exec
INSERT INTO rounds (game_id, number, status, commitment, state, bets, first_die, second_die, call, height, beacon_height,
                    beacon_signature, sequence, closed_at, settled_at)
SELECT unnest(@games::uuid[]), unnest(@numbers::bigint[]), 1, unnest(@commitments::bytea[]), unnest(@states::bytea[]),
    unnest(@bets::bytea[]), 0, 0, '', 0, 0, '', 0, unnest(@closed_at::bigint[]), 0;

-- name: SettleRounds :exec
WITH changed AS (
    UPDATE rounds AS r
    SET status = 2, first_die = u.first_die, second_die = u.second_die, call = u.call, height = u.height,
        beacon_height = u.beacon_height, beacon_signature = u.beacon_signature, sequence = u.sequence, settled_at = u.settled_at
    FROM (SELECT unnest(@games::uuid[]) AS game_id, unnest(@numbers::bigint[]) AS number,
              unnest(@first_dice::integer[]) AS first_die, unnest(@second_dice::integer[]) AS second_die,
              unnest(@calls::text[]) AS call, unnest(@heights::bigint[]) AS height,
              unnest(@beacon_heights::bigint[]) AS beacon_height, unnest(@beacon_signatures::bytea[]) AS beacon_signature,
              unnest(@sequences::bigint[]) AS sequence, unnest(@settled_at::bigint[]) AS settled_at
          LIMIT CARDINALITY(@games::uuid[])) AS u
    WHERE r.game_id = u.game_id AND r.number = u.number AND r.status - 0 = 1 RETURNING 1)
SELECT expect_rows(COUNT(*), CARDINALITY(@games::uuid[])) FROM changed;

-- name: Round :many
SELECT * FROM rounds WHERE game_id = $1 AND number = $2;

-- name: Rounds :many
-- Leaves out state and bets: they are as large as all bets of a table, and no list shows them.
SELECT game_id, number, status, commitment, first_die, second_die, call, height, beacon_height, beacon_signature, sequence,
    closed_at, settled_at, ''::bytea AS state, ''::bytea AS bets
FROM rounds WHERE game_id = @game_id AND number < @below ORDER BY number DESC LIMIT sqlc.arg(count);

-- name: LatestSettledRound :many
-- A game's latest settled round comes before its current one. No index finds the latest of all games: it is read only at a start.
SELECT r.* FROM rounds AS r
WHERE (r.game_id, r.number) IN (SELECT g.id, g.round - 1 FROM games AS g WHERE g.round > 1 ORDER BY g.updated_at DESC LIMIT 100)
ORDER BY r.settled_at DESC LIMIT 1;

-- name: UnsettledRounds :many
SELECT game_id, number, closed_at FROM rounds WHERE status = 1 AND closed_at >= @since AND closed_at <= @before ORDER BY closed_at LIMIT sqlc.arg(count);

-- name: UpdateAccounts :exec
-- Shared accounts change by the difference, whatever their balance is; other accounts must still have the loaded balance.
WITH changed AS (
    UPDATE accounts AS a SET balance = a.balance + u.balance - u.loaded
    FROM (SELECT unnest(@ids::text[]) AS id, unnest(@loaded::bigint[]) AS loaded, unnest(@balances::bigint[]) AS balance,
              unnest(@versions::xid[]) AS version
          LIMIT CARDINALITY(@ids::text[])) AS u
    WHERE a.id = u.id AND (a.balance = u.loaded OR a.id IN ('house', 'issuance')) AND (u.version = '0' OR a.xmin = u.version) RETURNING 1)
SELECT written(COUNT(*), CARDINALITY(@ids::text[])) FROM changed;

-- name: ExpectUnchanged :exec
SELECT written(
    (SELECT COUNT(*) FROM (SELECT unnest(@games::uuid[]) AS id, unnest(@game_versions::xid[]) AS version
                           LIMIT CARDINALITY(@games::uuid[])) AS u, games AS g WHERE g.id = u.id AND g.xmin = u.version)
    + (SELECT COUNT(*) FROM (SELECT unnest(@accounts::text[]) AS id, unnest(@account_versions::xid[]) AS version
                             LIMIT CARDINALITY(@accounts::text[])) AS u, accounts AS a WHERE a.id = u.id AND a.xmin = u.version),
    CARDINALITY(@games::uuid[]) + CARDINALITY(@accounts::text[]));

-- name: OpenAccounts :exec
INSERT INTO accounts (id, balance) SELECT unnest(@ids::text[]), unnest(@balances::bigint[]);

-- name: UpdateProtections :exec
WITH changed AS (
    UPDATE accounts AS a SET protection = u.protection
    FROM (SELECT unnest(@ids::text[]) AS id, unnest(@protections::text[]) AS protection, unnest(@versions::xid[]) AS version
          LIMIT CARDINALITY(@ids::text[])) AS u
    WHERE a.id = u.id AND (u.version = '0' OR a.xmin = u.version) RETURNING 1)
SELECT written(COUNT(*), CARDINALITY(@ids::text[])) FROM changed;

-- name: InsertResults :exec
INSERT INTO results (game_id, round, player_id, bets, payout, balance)
SELECT unnest(@games::uuid[]), unnest(@rounds::bigint[]), unnest(@players::uuid[]), unnest(@bets::integer[]),
    unnest(@payouts::bigint[]), unnest(@balances::bigint[]);

-- name: Result :one
SELECT * FROM results WHERE game_id = $1 AND round = $2 AND player_id = $3;

-- name: InsertTransfers :exec
-- Balances of shared accounts are corrected by the difference between the stored balance and the one assumed after the last transfer.
INSERT INTO transfers (from_account, to_account, amount, from_balance, to_balance, reason, game_id, round, bet_id, at)
SELECT u.from_account, u.to_account, u.amount,
    u.from_balance + CASE u.from_account
        WHEN 'house' THEN (SELECT balance FROM accounts WHERE id = 'house') - @house::bigint
        WHEN 'issuance' THEN (SELECT balance FROM accounts WHERE id = 'issuance') - @issuance::bigint ELSE 0 END,
    u.to_balance + CASE u.to_account
        WHEN 'house' THEN (SELECT balance FROM accounts WHERE id = 'house') - @house::bigint
        WHEN 'issuance' THEN (SELECT balance FROM accounts WHERE id = 'issuance') - @issuance::bigint ELSE 0 END,
    u.reason, u.game_id, u.round, u.bet_id, u.at
FROM (SELECT unnest(@from_accounts::text[]) AS from_account, unnest(@to_accounts::text[]) AS to_account,
          unnest(@amounts::bigint[]) AS amount, unnest(@from_balances::bigint[]) AS from_balance,
          unnest(@to_balances::bigint[]) AS to_balance, unnest(@reasons::text[]) AS reason, unnest(@games::uuid[]) AS game_id,
          unnest(@rounds::bigint[]) AS round, unnest(@bets::uuid[]) AS bet_id, unnest(@at::bigint[]) AS at) AS u;

-- name: Entries :many
SELECT t.* FROM transfers AS t WHERE t.id IN (
    (SELECT f.id FROM transfers AS f WHERE f.from_account = @wallet AND substr(f.from_account, 1, 7) = 'player:' AND f.id < @below ORDER BY f.id DESC LIMIT sqlc.arg(count))
    UNION ALL
    (SELECT i.id FROM transfers AS i WHERE i.to_account = @wallet AND substr(i.to_account, 1, 7) = 'player:' AND i.id < @below ORDER BY i.id DESC LIMIT sqlc.arg(count)))
ORDER BY t.id DESC LIMIT sqlc.arg(count);

-- name: HasTransfer :one
SELECT EXISTS (SELECT 1 FROM transfers WHERE id = @id AND @wallet::text IN (from_account, to_account));

-- name: InsertEvents :exec
INSERT INTO events (game_id, sequence, event)
SELECT unnest(@games::uuid[]), unnest(@sequences::bigint[]), unnest(@events::bytea[]);

-- name: Events :many
SELECT event FROM events WHERE game_id = @game_id AND sequence > @after ORDER BY sequence LIMIT sqlc.arg(count);

-- name: InsertChats :exec
INSERT INTO chats (player_id, game_id, sequence)
SELECT unnest(@players::uuid[]), unnest(@games::uuid[]), unnest(@sequences::bigint[]);

-- name: ChatOf :many
SELECT e.event, e.sequence FROM events AS e WHERE e.game_id = @game_id AND e.sequence = ANY(ARRAY(
    SELECT c.sequence FROM chats AS c WHERE c.player_id = @player_id AND c.game_id = @game_id ORDER BY c.sequence LIMIT sqlc.arg(count)));

-- name: UpdateEvents :exec
WITH changed AS (
    UPDATE events AS e SET event = u.event
    FROM (SELECT unnest(@sequences::bigint[]) AS sequence, unnest(@events::bytea[]) AS event LIMIT CARDINALITY(@sequences::bigint[])) AS u
    WHERE e.game_id = @game_id AND e.sequence = u.sequence RETURNING 1)
SELECT expect_rows(COUNT(*), CARDINALITY(@sequences::bigint[])) FROM changed;

-- name: DeleteChats :exec
DELETE FROM chats WHERE player_id = @player_id AND game_id = @game_id AND sequence = ANY(@sequences::bigint[]);

-- name: Requests :many
-- Returns the request of a player with an id, for each pair of the lists.
SELECT r.* FROM (SELECT unnest(@players::uuid[]) AS player_id, unnest(@ids::text[]) AS id) AS k
    CROSS JOIN LATERAL (SELECT * FROM requests WHERE player_id = k.player_id AND id = k.id OFFSET 0) AS r;

-- name: InsertRequests :exec
INSERT INTO requests (player_id, id, fingerprint, response, created_at)
SELECT unnest(@players::uuid[]), unnest(@ids::text[]), unnest(@fingerprints::bytea[]), unnest(@responses::bytea[]),
    unnest(@created_at::bigint[]);

-- name: PruneRequests :execrows
DELETE FROM requests WHERE (player_id, id) IN (
    SELECT r.player_id, r.id FROM requests AS r WHERE r.created_at < @before ORDER BY r.created_at LIMIT sqlc.arg(count)
);
