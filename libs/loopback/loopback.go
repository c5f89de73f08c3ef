// Package loopback finds free TCP addresses on the loopback interface.
package loopback

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The ports lie below those that operating systems assign to outgoing connections, so that the services' own calls to each other
// can't occupy a port that one of them is about to listen on.
const (
	lowestPort  = 20_000
	highestPort = 30_000
)

// FreeAddresses returns n addresses that nobody listens on, and that no other call, in this or any other process, returns while this
// process lives.
func FreeAddresses(n int) ([]string, error) {
	var addresses []string
	for tries := 0; len(addresses) < n; tries++ {
		if tries == 100*n {
			return nil, fmt.Errorf("no %d free ports between %d and %d on 127.0.0.1", n, lowestPort, highestPort)
		}
		address := fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort))
		if reserve(address) {
			addresses = append(addresses, address)
		}
	}
	return addresses, nil
}

// reserved keeps the sockets that reserve addresses: a socket without references is closed.
var reserved struct {
	sync.Mutex
	sockets []net.PacketConn
}

// reserve reserves an address and reports whether it was free. Between that and the moment when some program listens on it, which may be
// seconds, the TCP port is nobody's; what reserves it is the UDP port of the same number, which the kernel frees when this process ends.
func reserve(address string) bool {
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		return false // Reserved already.
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		_ = socket.Close()
		return false // In use.
	}
	_ = listener.Close()
	reserved.Lock()
	defer reserved.Unlock()
	reserved.sockets = append(reserved.sockets, socket)
	return true
}
