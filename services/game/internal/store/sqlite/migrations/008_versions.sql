-- +goose Up

-- Nothing here: rows have versions on PostgreSQL, where other replicas write too.
SELECT 1;
