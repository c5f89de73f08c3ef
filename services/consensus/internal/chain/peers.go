package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/cometbft/cometbft/p2p"
)

// peersFile may list the other validators, for homes whose configuration does not.
const peersFile = "peers.json"

// WritePeers writes the peers file of each of the n validators of the chain in dir. Each dials only those before it: two that dial each
// other at the same moment would both hang up.
func WritePeers(dir string, n int, address func(i int) string) error {
	peers := []string{}
	for i := range n {
		home := filepath.Join(dir, ValidatorName(i))
		text, err := json.MarshalIndent(peers, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(home, peersFile), text, 0o600); err != nil {
			return err
		}
		id, err := PeerID(home)
		if err != nil {
			return err
		}
		peers = append(peers, id+"@"+address(i))
	}
	return nil
}

func readPeers(home string) (peers []string, err error) {
	text, err := os.ReadFile(filepath.Join(home, peersFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &peers)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", peersFile, err)
	}
	return peers, nil
}

// peerAddress is the address of a validator.
type peerAddress struct {
	id         p2p.ID
	host, port string
}

// String returns the address in the form of the configuration.
func (p peerAddress) String() string { return string(p.id) + "@" + net.JoinHostPort(p.host, p.port) }

// parsePeers reads peers of the form id@host:port.
func parsePeers(peers []string) ([]peerAddress, error) {
	addresses := make([]peerAddress, len(peers))
	for i, peer := range peers {
		id, address, ok := strings.Cut(peer, "@")
		host, port, err := net.SplitHostPort(address)
		if !ok || err != nil || host == "" {
			return nil, fmt.Errorf("%q: want id@host:port", peer)
		}
		addresses[i] = peerAddress{id: p2p.ID(id), host: host, port: port}
		// Check everything but the host name, with an arbitrary host.
		if _, err := p2p.NewNetAddressString(id + "@" + net.JoinHostPort("127.0.0.1", port)); err != nil {
			return nil, fmt.Errorf("%q: %w", peer, err)
		}
	}
	return addresses, nil
}

// resolve resolves the host name. It picks one of several addresses at random: the next attempt may try another.
func (p peerAddress) resolve(ctx context.Context) (*p2p.NetAddress, error) {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", p.host)
	if err != nil {
		return nil, err
	}
	return p2p.NewNetAddressString(string(p.id) + "@" + net.JoinHostPort(found[rand.IntN(len(found))].Unmap().String(), p.port))
}
