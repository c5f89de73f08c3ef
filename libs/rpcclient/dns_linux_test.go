package rpcclient_test

import (
	"net"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/net/dns/dnsmessage"
	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"

	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

// nameServer answers every query for an address with those of both replicas, and all others with nothing. It returns its own address.
func nameServer(t *testing.T, replicas ...[4]byte) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-ended })
	go func() {
		defer close(ended)
		packet := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer, err := answerTo(packet[:n], replicas); err == nil {
				_, _ = conn.WriteTo(answer, from) // The resolver retries.
			}
		}
	}()
	return conn.LocalAddr().String()
}

// answerTo returns a name server's answer to a query.
func answerTo(packet []byte, replicas [][4]byte) ([]byte, error) {
	var message dnsmessage.Message
	if err := message.Unpack(packet); err != nil {
		return nil, err
	}
	message.Response, message.Authoritative, message.Additionals = true, true, nil
	for _, question := range message.Questions {
		for _, address := range replicas {
			if question.Type == dnsmessage.TypeA {
				message.Answers = append(message.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
					Body:   &dnsmessage.AResource{A: address},
				})
			}
		}
	}
	return message.Pack()
}

// serveAt runs two replicas in this process, on the same port of two addresses, since a name resolves to addresses without ports. Only
// Linux has more than one loopback address by default.
func serveAt(t *testing.T, first, second string) (port string, stops map[string]func()) {
	t.Helper()
	stops = map[string]func(){}
	port = "0"
	for _, host := range []string{first, second} {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ = net.SplitHostPort(listener.Addr().String())
		stops[listener.Addr().String()] = serveOn(t, &replica{}, rpcserver.Default(), telemetry.Discard().For("game", 0), listener)
	}
	return port, stops
}

// TestCallsGoToEveryReplicaOfAName has one name with the addresses of two replicas, one of which is stopped.
func TestCallsGoToEveryReplicaOfAName(t *testing.T) {
	port, stops := serveAt(t, "127.0.0.1", "127.0.0.2")
	server := nameServer(t, [4]byte{127, 0, 0, 1}, [4]byte{127, 0, 0, 2})
	client := gamev1.NewGameServiceClient(dial(t, "dns://"+server+"/game.test:"+port))
	call := func() string {
		t.Helper()
		var from peer.Peer
		if _, err := client.GetGame(asPlayer(t), &gamev1.GetGameRequest{GameId: uuid.NewString()}, grpc.Peer(&from)); err != nil {
			t.Fatal(err)
		}
		return from.Addr.String()
	}
	seen := map[string]bool{}
	for len(seen) < len(stops) { // The second connection may be ready later than the first.
		seen[call()] = true
	}
	last := call()
	for range 20 { // From here on they alternate.
		next := call()
		if next == last || stops[next] == nil {
			t.Errorf("%s answered after %s", next, last)
		}
		last = next
	}
	stops[last]()
	dead := last
	for range 20 { // A call that fails with the replica is retried at the other one.
		if next := call(); next == dead {
			t.Errorf("%s answered after it died", next)
		}
	}
}
