-- +goose Up

-- Where a player who is deleted has been: where the player sits, which open tables are the player's, where the player has a standing,
-- and where the player has said something. A bet writes none of them.

CREATE INDEX seats_by_player ON seats (player_id);
CREATE INDEX games_by_host ON games (host_id) WHERE status = 1;
CREATE INDEX members_by_player ON members (player_id);

CREATE TABLE chats (
    player_id uuid   NOT NULL,
    game_id   uuid   NOT NULL,
    sequence  bigint NOT NULL,
    PRIMARY KEY (player_id, game_id, sequence)
);
