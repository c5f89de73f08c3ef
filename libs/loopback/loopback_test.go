package loopback_test

import (
	"net"
	"slices"
	"testing"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

func TestFreeAddressesDifferAndCanBeListenedOn(t *testing.T) {
	const n = 16
	addresses, err := loopback.FreeAddresses(n)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(addresses)
	if got := len(slices.Compact(slices.Clone(addresses))); got != n {
		t.Errorf("of %d addresses %d differ", n, got)
	}
	for _, address := range addresses {
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
