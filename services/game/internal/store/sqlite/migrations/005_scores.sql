-- +goose Up

-- What became of a player's bets in a period: day and week by when they begin, all time by 0.
CREATE TABLE scores (
    player_id TEXT    NOT NULL,
    period    TEXT    NOT NULL,
    starts    INTEGER NOT NULL,
    rounds    INTEGER NOT NULL,
    bets      INTEGER NOT NULL,
    staked    INTEGER NOT NULL,
    returned  INTEGER NOT NULL,
    net       INTEGER NOT NULL,
    PRIMARY KEY (player_id, period, starts)
) STRICT, WITHOUT ROWID;

CREATE INDEX scores_leaders ON scores (period, starts, net, player_id);
