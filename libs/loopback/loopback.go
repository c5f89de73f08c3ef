// Package loopback finds free TCP addresses on the loopback interface.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports lie below those that operating systems assign to outgoing connections, so that the services' own calls to each other
// can't occupy a port that one of them is about to listen on.
const (
	lowestPort  = 20_000
	highestPort = 30_000
)

// FreeAddresses returns n addresses that nobody listens on.
func FreeAddresses(n int) ([]string, error) {
	var addresses []string
	for tries := 0; len(addresses) < n; tries++ {
		if tries == 100*n {
			return nil, fmt.Errorf("no %d free ports between %d and %d on 127.0.0.1", n, lowestPort, highestPort)
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort)))
		if err != nil {
			continue // In use.
		}
		defer func() { _ = listener.Close() }() // All are held until n are found, so that no two are the same.
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
