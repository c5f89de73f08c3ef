package ratelimit

import (
	"context"
)

// Server is what a Fallback knows of the server that its shared limiter uses; libs/redis has one.
type Server interface {
	// Up reports whether asking the server makes sense.
	Up() bool
	// ReportFailure says that it did not answer.
	ReportFailure(err error)
}

// Fallback is a Limiter that replicas share while its server answers, and one for each process while it does not. Then a
// key has its limit at each replica, which is more than it should have and far from all that it could want.
type Fallback struct {
	server        Server
	shared, local Limiter
}

// NewFallback returns a Limiter that uses shared while the server is up, and else local.
func NewFallback(server Server, shared, local Limiter) *Fallback {
	return &Fallback{server: server, shared: shared, local: local}
}

// Allow implements Limiter.
func (f *Fallback) Allow(ctx context.Context, key string, limit Limit, n int) (Result, error) {
	if err := limit.check(n); err != nil {
		return Result{}, err
	}
	if f.server.Up() {
		result, err := f.shared.Allow(ctx, key, limit, n)
		if err == nil || ctx.Err() != nil { // A caller who went away says nothing about the server.
			return result, err
		}
		f.server.ReportFailure(err)
	}
	return f.local.Allow(ctx, key, limit, n)
}
