package loopback_test

import (
	"net"
	"testing"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

func TestFreeAddressesCanBeListenedOn(t *testing.T) {
	for _, address := range freeAddresses(t, 16) {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		if port := listener.Addr().(*net.TCPAddr).Port; port < 20_000 || port >= 30_000 {
			t.Errorf("%s is in the range of outgoing connections", address)
		}
	}
}

// TestNoAddressIsReturnedTwice draws so many of the 10,000 ports that without a reservation some would be drawn twice.
func TestNoAddressIsReturnedTwice(t *testing.T) {
	returned := map[string]bool{}
	for range 40 {
		for _, address := range freeAddresses(t, 10) {
			if returned[address] {
				t.Fatalf("%s was returned twice", address)
			}
			returned[address] = true
		}
	}
}

// The kernel gives a UDP port to one socket, of whichever process.
func TestOtherProcessesCannotReserveAnAddress(t *testing.T) {
	address := freeAddresses(t, 1)[0]
	if socket, err := net.ListenPacket("udp", address); err == nil {
		_ = socket.Close()
		t.Errorf("nothing reserves %s", address)
	}
}

func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	addresses, err := loopback.FreeAddresses(n)
	if err != nil {
		t.Fatal(err)
	}
	return addresses
}
