// Package loopback finds addresses of this machine that are free.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports below those that operating systems give to outgoing connections: the services' own calls to each other can't take
// a port that one of them is about to listen on.
const (
	lowestPort  = 20_000
	highestPort = 30_000
)

// FreeAddresses are n addresses that nobody listens on.
func FreeAddresses(n int) ([]string, error) {
	var addresses []string
	for tries := 0; len(addresses) < n; tries++ {
		if tries == 100*n {
			return nil, fmt.Errorf("no %d free ports between %d and %d on 127.0.0.1", n, lowestPort, highestPort)
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort)))
		if err != nil {
			continue // Taken.
		}
		defer func() { _ = listener.Close() }() // All are held until all are found, so that no two are the same.
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
