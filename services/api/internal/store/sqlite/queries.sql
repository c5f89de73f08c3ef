-- name: InsertPlayer :exec
INSERT INTO players (id, kind, created_at) VALUES (?, ?, ?);

-- name: Player :one
SELECT * FROM players WHERE id = ?;

-- name: SigningKeys :many
SELECT * FROM signing_keys ORDER BY created_at DESC, id;

-- name: InsertFirstSigningKey :exec
INSERT INTO signing_keys (id, seed, created_at)
SELECT CAST(sqlc.arg(id) AS TEXT), CAST(sqlc.arg(seed) AS BLOB), CAST(sqlc.arg(created_at) AS INTEGER)
WHERE NOT EXISTS (SELECT 1 FROM signing_keys);
