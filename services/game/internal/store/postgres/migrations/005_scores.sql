-- +goose Up

-- What became of a player's bets in a period: day and week by when they begin, all time by 0.
CREATE TABLE scores (
    player_id uuid   NOT NULL,
    period    text   COLLATE "C" NOT NULL,
    starts    bigint NOT NULL,
    rounds    bigint NOT NULL,
    bets      bigint NOT NULL,
    staked    bigint NOT NULL,
    returned  bigint NOT NULL,
    net       bigint NOT NULL,
    PRIMARY KEY (player_id, period, starts)
) WITH (fillfactor = 80);

CREATE INDEX scores_leaders ON scores (period, starts, net, player_id);
