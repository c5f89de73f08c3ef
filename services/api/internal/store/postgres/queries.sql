-- name: InsertPlayer :exec
INSERT INTO players (id, kind, role, created_at) VALUES (@id, @kind, @role, @created_at);

-- name: Player :one
SELECT * FROM players WHERE id = $1;

-- name: UpdatePlayer :exec
UPDATE players SET kind = @kind, role = @role WHERE id = @id;

-- name: SigningKeys :many
SELECT * FROM signing_keys ORDER BY created_at DESC, id;

-- name: LockSigningKeys :exec
-- Two processes that look at once must not both find that a key is missing.
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

-- name: EndedSessions :many
SELECT id, ended_at FROM sessions WHERE ended_at > 0 AND ended_at > @after::bigint ORDER BY ended_at, id LIMIT @most;

-- name: DeleteExpiredSessions :exec
DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s WHERE s.expires_at < @before::bigint ORDER BY s.expires_at LIMIT @most);
