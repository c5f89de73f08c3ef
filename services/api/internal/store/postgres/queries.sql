-- name: InsertPlayer :exec
INSERT INTO players (id, kind, created_at) VALUES ($1, $2, $3);

-- name: Player :one
SELECT * FROM players WHERE id = $1;

-- name: SigningKeys :many
SELECT * FROM signing_keys ORDER BY created_at DESC, id;

-- name: LockSigningKeys :exec
-- Two processes that start at once must not both find that there is no key.
LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE;

-- name: InsertFirstSigningKey :exec
INSERT INTO signing_keys (id, seed, created_at)
SELECT @id::text, @seed::bytea, @created_at::bigint
WHERE NOT EXISTS (SELECT 1 FROM signing_keys);
