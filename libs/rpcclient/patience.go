package rpcclient

import (
	"sync"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/balancer/roundrobin"
	"google.golang.org/grpc/connectivity"
)

const (
	// balancerName is the name of patientBuilder's balancers in the service config.
	balancerName = "patient_round_robin"
	// maxReconnectDelay bounds the delay until a replica that has come back is connected to again, up to jitter of a fifth.
	maxReconnectDelay = time.Second
	// patience is how long calls wait for a replica once the last connection has ended. It exceeds maxReconnectDelay with its jitter, so that
	// a replica may be replaced as soon as the previous one is ready: the latter may not be connected to yet. And it is below the time that
	// readiness checks have, so that they still say which service is down.
	patience = 1500 * time.Millisecond
)

// gRPC finds balancers by their names in a global registry, which may be changed only here.
func init() { balancer.Register(patientBuilder{balancer.Get(roundrobin.Name)}) }

// patientBuilder builds gRPC's round_robin, except that calls do not fail while the last connection was lost less than patience ago: they
// wait until a replica is connected to. Later they fail at once, also those that waited, so a service that is down for long delays nobody.
// gRPC's own option to wait, WaitForReady, has no other bound than the call's deadline.
type patientBuilder struct{ balancer.Builder }

// Name implements balancer.Builder.
func (patientBuilder) Name() string { return balancerName }

// Build implements balancer.Builder.
func (b patientBuilder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return b.Builder.Build(&patientConn{ClientConn: cc}, opts)
}

// patientConn receives the states of a balancer and passes them on to the connection.
type patientConn struct {
	balancer.ClientConn

	mu      sync.Mutex
	latest  balancer.State
	waiting *time.Timer // Nil unless the last connection was lost less than patience ago.
}

// UpdateState implements balancer.ClientConn.
func (c *patientConn) UpdateState(state balancer.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wasReady, isReady := c.latest.ConnectivityState == connectivity.Ready, state.ConnectivityState == connectivity.Ready
	c.latest = state
	switch {
	case isReady && c.waiting != nil:
		c.waiting.Stop()
		c.waiting = nil
	case wasReady && !isReady:
		c.waiting = time.AfterFunc(patience, c.stopWaiting)
	}
	if c.waiting != nil && state.ConnectivityState == connectivity.TransientFailure {
		state = balancer.State{ConnectivityState: connectivity.Connecting, Picker: base.NewErrPicker(balancer.ErrNoSubConnAvailable)}
	}
	c.ClientConn.UpdateState(state)
}

// stopWaiting lets the calls that wait, and later ones, fail if no replica can be connected to.
func (c *patientConn) stopWaiting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = nil
	c.ClientConn.UpdateState(c.latest)
}
