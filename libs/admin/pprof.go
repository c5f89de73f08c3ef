package admin

import (
	"net/http"
	"net/http/pprof"
	"runtime"
	"sync"
)

// handleProfiles serves the profiles of Go: profile (CPU), heap, allocs, goroutine, threadcreate and trace, and block and mutex.
// The command line is none, and may have a password.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.Handle("GET /debug/pprof/block", &onRequest{profile: pprof.Handler("block"), rate: setBlockRate})
	mux.Handle("GET /debug/pprof/mutex", &onRequest{profile: pprof.Handler("mutex"), rate: setMutexRate})
}

// onRequest serves a profile that costs where it is recorded, so that it is recorded only while somebody waits for it: as
// long as ?seconds= says, and a second where it says nothing.
type onRequest struct {
	profile http.Handler
	rate    func(on bool)

	mu      sync.Mutex
	waiting int
}

// ServeHTTP implements http.Handler.
func (o *onRequest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if query := r.URL.Query(); query.Get("seconds") == "" {
		query.Set("seconds", "1")
		r.URL.RawQuery = query.Encode()
	}
	o.count(1)
	defer o.count(-1)
	o.profile.ServeHTTP(w, r)
}

func (o *onRequest) count(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.waiting
	if o.waiting += n; (before == 0) != (o.waiting == 0) {
		o.rate(o.waiting > 0)
	}
}

const (
	// blockRate samples a wait for each 10 µs that goroutines are blocked.
	blockRate = 10_000
	// mutexRate samples one of 10 contended unlocks.
	mutexRate = 10
)

func setBlockRate(on bool) {
	rate := 0
	if on {
		rate = blockRate
	}
	runtime.SetBlockProfileRate(rate)
}

func setMutexRate(on bool) {
	rate := 0
	if on {
		rate = mutexRate
	}
	runtime.SetMutexProfileFraction(rate)
}
