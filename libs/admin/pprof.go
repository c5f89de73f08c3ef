package admin

import (
	"net/http"
	"net/http/pprof"
	"runtime"
	"sync"
)

// handleProfiles serves Go's profiles: profile (CPU), heap, allocs, goroutine, threadcreate, trace, block and mutex. It leaves out
// net/http/pprof's cmdline, since a command line may contain a password.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.Handle("GET /debug/pprof/block", &onDemandProfile{profile: pprof.Handler("block"), setRate: setBlockRate})
	mux.Handle("GET /debug/pprof/mutex", &onDemandProfile{profile: pprof.Handler("mutex"), setRate: setMutexRate})
}

// onDemandProfile serves a profile whose recording slows the process down, and records it only while a request waits for it: for
// ?seconds=, or for one second by default.
type onDemandProfile struct {
	profile http.Handler
	setRate func(on bool)

	mu      sync.Mutex
	waiting int
}

// ServeHTTP implements http.Handler.
func (o *onDemandProfile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if query := r.URL.Query(); query.Get("seconds") == "" {
		query.Set("seconds", "1")
		r.URL.RawQuery = query.Encode()
	}
	o.addWaiting(1)
	defer o.addWaiting(-1)
	o.profile.ServeHTTP(w, r)
}

func (o *onDemandProfile) addWaiting(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.waiting
	if o.waiting += n; (before == 0) != (o.waiting == 0) {
		o.setRate(o.waiting > 0)
	}
}

const (
	// blockRate samples one blocking event per 10 µs that goroutines spend blocked.
	blockRate = 10_000
	// mutexRate samples one in 10 contended unlocks.
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
