-- name: InsertPlayer :exec
INSERT INTO players (id, kind, role, created_at) VALUES (@id, @kind, @role, @created_at);

-- name: Player :one
SELECT * FROM players WHERE id = $1;

-- name: PlayerForUpdate :one
SELECT * FROM players WHERE id = $1 FOR UPDATE;

-- name: UpdatePlayer :exec
UPDATE players SET kind = @kind, role = @role WHERE id = @id;

-- name: SigningKeys :many
SELECT * FROM signing_keys ORDER BY created_at DESC, id;

-- name: LockSigningKeys :exec
-- Two replicas that rotate at the same time must not both find that a key is due.
LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE;

-- name: InsertSigningKey :exec
INSERT INTO signing_keys (id, seed, created_at, signs_from, token_life) VALUES (@id, @seed, @created_at, @signs_from, @token_life);

-- name: DeleteSigningKey :exec
DELETE FROM signing_keys WHERE id = $1;

-- name: InsertSession :exec
INSERT INTO sessions (id, player_id, method, credential_id, scopes, client, created_at, used_at, expires_at, ended_at, family_hash, secret_hash, previous_hash, nonce)
VALUES (@id, @player_id, @method, @credential_id, @scopes, @client, @created_at, @used_at, @expires_at, @ended_at, @family_hash, @secret_hash, @previous_hash, @nonce);

-- name: Session :one
SELECT * FROM sessions WHERE id = $1;

-- name: SessionForUpdate :one
SELECT * FROM sessions WHERE id = $1 FOR UPDATE;

-- name: UpdateSession :exec
UPDATE sessions SET client = @client, used_at = @used_at, expires_at = @expires_at, ended_at = @ended_at, secret_hash = @secret_hash, previous_hash = @previous_hash, nonce = @nonce
WHERE id = @id;

-- name: LiveSessions :many
SELECT * FROM sessions WHERE player_id = @player_id AND ended_at = 0 AND expires_at > @at::bigint ORDER BY used_at DESC, id;

-- name: ClearClients :exec
UPDATE sessions SET client = '' WHERE player_id = $1 AND client <> '';

-- name: EndedSessions :many
SELECT id, ended_at FROM sessions WHERE ended_at > 0 AND ended_at > @after::bigint ORDER BY ended_at, id LIMIT @most;

-- name: DeleteExpiredSessions :execrows
DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s WHERE s.expires_at < @before::bigint ORDER BY s.expires_at LIMIT @most);

-- name: InsertDevice :many
-- Returns no row if another device has the key.
INSERT INTO devices (id, player_id, public_key, client, created_at) VALUES (@id, @player_id, @public_key, @client, @created_at)
ON CONFLICT (public_key) DO NOTHING RETURNING id;

-- name: DeviceByKey :one
SELECT * FROM devices WHERE public_key = @public_key;

-- name: Devices :many
SELECT * FROM devices WHERE player_id = @player_id ORDER BY created_at DESC, id;

-- name: DeleteDevice :exec
DELETE FROM devices WHERE id = @id;

-- name: UseChallenge :many
-- Returns no row if it was already used.
INSERT INTO used_challenges (hash, expires_at) VALUES (@hash, @expires_at) ON CONFLICT (hash) DO NOTHING RETURNING expires_at;

-- name: DeleteUsedChallenges :execrows
DELETE FROM used_challenges WHERE hash IN (SELECT u.hash FROM used_challenges u WHERE u.expires_at < @before::bigint ORDER BY u.expires_at LIMIT @most);

-- name: InsertAccount :many
-- Returns no row if the player or the address already has an account.
INSERT INTO accounts (player_id, email, password, created_at) VALUES (@player_id, @email, @password, @created_at)
ON CONFLICT DO NOTHING RETURNING player_id;

-- name: Account :one
SELECT * FROM accounts WHERE player_id = @player_id;

-- name: AccountByEmail :one
SELECT * FROM accounts WHERE email = @email;

-- name: UpdatePassword :exec
UPDATE accounts SET password = @password WHERE player_id = @player_id;

-- name: DeleteAccount :exec
DELETE FROM accounts WHERE player_id = @player_id;

-- name: UpsertCode :exec
INSERT INTO codes (subject, player_id, email, password, code_hash, attempts, expires_at)
VALUES (@subject, @player_id, @email, @password, @code_hash, @attempts, @expires_at)
ON CONFLICT (subject) DO UPDATE SET player_id = excluded.player_id, email = excluded.email, password = excluded.password, code_hash = excluded.code_hash,
    attempts = excluded.attempts, expires_at = excluded.expires_at;

-- name: Code :one
SELECT * FROM codes WHERE subject = @subject FOR UPDATE;

-- name: DeleteCode :exec
DELETE FROM codes WHERE subject = @subject;

-- name: DeleteCodesOf :exec
DELETE FROM codes WHERE player_id = @player_id;

-- name: DeleteExpiredCodes :execrows
DELETE FROM codes WHERE subject IN (SELECT c.subject FROM codes c WHERE c.expires_at < @before::bigint ORDER BY c.expires_at LIMIT @most);

-- name: InsertDeletion :exec
INSERT INTO deletions (player_id, deleted_at) VALUES (@player_id, @deleted_at) ON CONFLICT (player_id) DO NOTHING;

-- name: Deletions :many
SELECT player_id FROM deletions ORDER BY deleted_at, player_id LIMIT @most;

-- name: DeleteDeletion :exec
DELETE FROM deletions WHERE player_id = @player_id;
