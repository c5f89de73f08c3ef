package ratelimit

import (
	"context"
)

// Server is the health of the server that a Fallback's shared limiter uses. A client of libs/redis implements it.
type Server interface {
	// Up reports whether the server is believed to answer.
	Up() bool
	// ReportFailure records that a command of the server failed.
	ReportFailure(err error)
}

// Fallback is a Limiter that replicas share while its server answers, and that is local to each process while it does not. Then a key
// has its whole limit at each replica, which is more than it should have, but still a bound.
type Fallback struct {
	server        Server
	shared, local Limiter
}

// NewFallback returns a Limiter that uses shared while the server is up, and local otherwise.
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
		if err == nil || ctx.Err() != nil { // An ended context is not the server's fault.
			return result, err
		}
		f.server.ReportFailure(err)
	}
	return f.local.Allow(ctx, key, limit, n)
}
