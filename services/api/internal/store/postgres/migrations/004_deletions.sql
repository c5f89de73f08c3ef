-- +goose Up

-- Deleted players of whom the tables have not heard yet.
CREATE TABLE deletions (
    player_id  uuid   NOT NULL PRIMARY KEY,
    deleted_at bigint NOT NULL
);
CREATE INDEX deletions_by_time ON deletions (deleted_at);
