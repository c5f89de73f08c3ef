package gateway

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/gateway/internal/socket"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// SocketPath is where apps watch games by WebSocket. docs/live.md says how.
const SocketPath = "/api/v1/ws"

// socketVersion is that of RFC 6455; there is no later one.
const socketVersion = "13"

// serveSocket opens a WebSocket for a signed-in player. The handler ends with the handshake; the connection lives on in
// goroutines of its own, whose stacks are small.
func (g *Gateway) serveSocket(w http.ResponseWriter, r *http.Request, _ map[string]string) {
	ctx := r.Context()
	if err := g.checkHandshake(r); err != nil {
		if errs.Reason(err) == errorsv1.Reason_REASON_UPGRADE_REQUIRED && r.ProtoMajor == 1 { // With these headers an answer of HTTP/2 is malformed.
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Version", socketVersion)
		}
		g.writeError(ctx, w, r, err)
		return
	}
	address := g.limits.address(r)
	leave, err := g.streams.enter(address)
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	signedIn := g.signIn.stillGood(w, r)
	conn, err := socket.Accept(w, r)
	if err != nil {
		leave() // It has answered.
		return
	}
	player := identity.FromContext(ctx).Player
	session := telemetry.WithRequestID(identity.WithPlayer(context.Background(), player), telemetry.RequestID(ctx))
	g.sockets.Go(func() {
		defer leave()
		socket.Serve(session, conn, player, socket.Deps{Feeds: g.live, Clock: g.clock, SignedIn: signedIn, Stop: g.drained.Done(),
			Admit: func(ctx context.Context) (func(), error) { return g.admit(ctx, address, player) }})
	})
}

// admit counts a subscription as REST counts an event stream: against the streams of the address and the player's reads.
func (g *Gateway) admit(ctx context.Context, address string, player uuid.UUID) (func(), error) {
	if _, err := g.limits.take(ctx, rateRead, player.String()); err != nil {
		return nil, err
	}
	return g.streams.enter(address)
}

// checkHandshake refuses what is no handshake of our protocol, and pages of other sites: a browser would send them the
// player's cookie, and lets them read what comes back.
func (g *Gateway) checkHandshake(r *http.Request) error {
	if g.signIn.cookies.foreign(r) {
		return errs.New(errorsv1.Reason_REASON_ORIGIN_NOT_ALLOWED, "pages of %s may not connect; the operator allows others with auth.trusted_origins", r.Header.Get("Origin"))
	}
	if !r.ProtoAtLeast(1, 1) || !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket") {
		return errs.New(errorsv1.Reason_REASON_UPGRADE_REQUIRED, "this path answers WebSocket handshakes alone; docs/live.md says how to connect")
	}
	if r.Header.Get("Sec-WebSocket-Version") != socketVersion {
		return errs.New(errorsv1.Reason_REASON_UPGRADE_REQUIRED, "Sec-WebSocket-Version: must be %s", socketVersion).Field("Sec-WebSocket-Version", "must be "+socketVersion)
	}
	if keys := r.Header.Values("Sec-WebSocket-Key"); len(keys) != 1 || !isNonce(keys[0]) {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "Sec-WebSocket-Key: must be there once, with 16 bytes in base64").
			Field("Sec-WebSocket-Key", "must be there once, with 16 bytes in base64")
	}
	if !hasToken(r.Header, "Sec-WebSocket-Protocol", socket.Protocol) {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "ask for the subprotocol %s", socket.Protocol).
			Field("Sec-WebSocket-Protocol", "must have "+socket.Protocol)
	}
	return nil
}

// isNonce reports whether a handshake's key is what RFC 6455, section 4.1, has clients make.
func isNonce(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	return err == nil && len(nonce) == 16
}

// hasToken reports whether one of a header's comma-separated values is a token.
func hasToken(header http.Header, name, token string) bool {
	for value := range strings.SplitSeq(strings.Join(header.Values(name), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(value), token) {
			return true
		}
	}
	return false
}
