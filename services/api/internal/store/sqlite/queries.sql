-- name: InsertPlayer :exec
INSERT INTO players (id, kind, role, created_at) VALUES (@id, @kind, @role, @created_at);

-- name: Player :one
SELECT * FROM players WHERE id = ?;

-- name: UpdatePlayer :exec
UPDATE players SET kind = @kind, role = @role WHERE id = @id;

-- name: SigningKeys :many
SELECT * FROM signing_keys ORDER BY created_at DESC, id;

-- name: InsertSigningKey :exec
INSERT INTO signing_keys (id, seed, created_at, signs_from, token_life) VALUES (@id, @seed, @created_at, @signs_from, @token_life);

-- name: DeleteSigningKey :exec
DELETE FROM signing_keys WHERE id = ?;

-- name: InsertSession :exec
INSERT INTO sessions (id, player_id, method, credential_id, scopes, client, created_at, used_at, expires_at, ended_at, family_hash, secret_hash, previous_hash, nonce)
VALUES (@id, @player_id, @method, @credential_id, @scopes, @client, @created_at, @used_at, @expires_at, @ended_at, @family_hash, @secret_hash, @previous_hash, @nonce);

-- name: Session :one
SELECT * FROM sessions WHERE id = ?;

-- name: UpdateSession :exec
UPDATE sessions SET client = @client, used_at = @used_at, expires_at = @expires_at, ended_at = @ended_at, secret_hash = @secret_hash, previous_hash = @previous_hash, nonce = @nonce
WHERE id = @id;

-- name: LiveSessions :many
SELECT * FROM sessions WHERE player_id = @player_id AND ended_at = 0 AND expires_at > CAST(@at AS INTEGER) ORDER BY used_at DESC, id;

-- name: EndedSessions :many
SELECT id, ended_at FROM sessions WHERE ended_at > 0 AND ended_at > CAST(@after AS INTEGER) ORDER BY ended_at, id LIMIT @most;

-- name: DeleteExpiredSessions :exec
DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s WHERE s.expires_at < CAST(@before AS INTEGER) ORDER BY s.expires_at LIMIT @most);
