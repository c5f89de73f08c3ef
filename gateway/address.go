package gateway

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the trusted proxies, whose X-Forwarded-For determines a client's address.
type proxies []netip.Prefix

// parseProxies parses addresses and prefixes.
func parseProxies(texts []string) (proxies, error) {
	var all proxies
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				prefix, err = addr.Prefix(addr.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("network.trusted_proxies: %q is neither an address nor a prefix such as 10.0.0.0/8", text)
		}
		all = append(all, prefix)
	}
	return all, nil
}

func (p proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// client returns the address that a request comes from: the connection's or, if that is a trusted proxy's, the one that the proxy
// saw. Each proxy appends to X-Forwarded-For, so it is read from its end up to the first address that is not a trusted proxy's; the
// values before that were supplied by the client and prove nothing.
func (p proxies) client(r *http.Request) netip.Addr {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := remote.Addr().Unmap().WithZone("")
	if !p.trusts(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap().WithZone("")
	}
	return addr
}

// subscriberBits is the length of the IPv6 prefix that identifies a subscriber, who chooses the other bits.
const subscriberBits = 64

// subscriber returns the key by which an address is rate limited: the address or, for IPv6, its prefix.
func subscriber(addr netip.Addr) string {
	if addr.Is6() {
		if prefix, err := addr.Prefix(subscriberBits); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
