package ratelimit

import (
	"context"
	_ "embed"
	"fmt"

	goredis "github.com/redis/go-redis/v9"
)

//go:embed gcra.lua
var gcra string

// keyPrefix is the prefix of every key in Redis, so that other programs can share the database.
const keyPrefix = "bitcraps:limit:"

// Redis is a Limiter that all replicas share. Its keys expire once they have their whole burst again.
type Redis struct {
	client goredis.Scripter
	script *goredis.Script
}

// NewRedis returns a Limiter that uses a Redis server.
func NewRedis(client goredis.Scripter) *Redis {
	return &Redis{client: client, script: goredis.NewScript(gcra)}
}

// Allow implements Limiter.
func (r *Redis) Allow(ctx context.Context, key string, limit Limit, n int) (Result, error) {
	if err := limit.check(n); err != nil {
		return Result{}, err
	}
	answer, err := r.script.Run(ctx, r.client, []string{keyPrefix + key}, limit.interval(), limit.Burst, n).Int64Slice()
	if err != nil {
		return Result{}, err
	}
	if len(answer) != 2 {
		return Result{}, fmt.Errorf("ratelimit: redis answered %v", answer)
	}
	return limit.result(answer[0], answer[1]), nil
}
