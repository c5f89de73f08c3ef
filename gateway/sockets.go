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

// SocketPath is the path of the WebSocket by which apps watch games. docs/live.md describes the protocol.
const SocketPath = "/api/v1/ws"

// socketVersion is the protocol version of RFC 6455; there is no later one.
const socketVersion = "13"

// serveSocket opens a WebSocket for a signed-in player. The handler returns after the handshake; the connection is served by its own
// goroutines, whose stacks are small.
func (g *Gateway) serveSocket(w http.ResponseWriter, r *http.Request, _ map[string]string) {
	ctx := r.Context()
	if err := g.checkHandshake(r); err != nil {
		if errs.Reason(err) == errorsv1.Reason_REASON_UPGRADE_REQUIRED && r.ProtoMajor == 1 { // An HTTP/2 response with these headers is malformed.
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Version", socketVersion)
		}
		g.writeError(ctx, w, r, err)
		return
	}
	address := g.rateLimits.address(r)
	release, err := g.streamLimits.acquire(address)
	if err != nil {
		g.writeError(ctx, w, r, err)
		return
	}
	revalidate := g.auth.revalidator(w, r)
	conn, err := socket.Accept(w, r)
	if err != nil {
		release() // Accept has written the response.
		return
	}
	player := identity.FromContext(ctx).Player
	session := telemetry.WithRequestID(identity.WithPlayer(context.Background(), player), telemetry.RequestID(ctx))
	g.hijacked.Go(func() {
		defer release()
		socket.Serve(session, conn, player, socket.Deps{Feeds: g.live, Clock: g.clock, Revalidate: revalidate, Stop: g.draining.Done(),
			Acquire: func(ctx context.Context) (func(), error) { return g.admit(ctx, address, player) }})
	})
}

// admit counts a subscription in the same way as an event stream: against the address's streams and the player's rate of reads.
func (g *Gateway) admit(ctx context.Context, address string, player uuid.UUID) (func(), error) {
	if _, err := g.rateLimits.allow(ctx, rateRead, player.String()); err != nil {
		return nil, err
	}
	return g.streamLimits.acquire(address)
}

// checkHandshake refuses requests that are not handshakes of this protocol, and pages of other sites: a browser sends the player's
// cookie with their handshakes, too, and lets them read the messages.
func (g *Gateway) checkHandshake(r *http.Request) error {
	if g.auth.cookies.crossOrigin(r) {
		return errs.New(errorsv1.Reason_REASON_ORIGIN_NOT_ALLOWED, "pages of %s may not connect; the operator can allow further origins with auth.trusted_origins", r.Header.Get("Origin"))
	}
	if !r.ProtoAtLeast(1, 1) || !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket") {
		return errs.New(errorsv1.Reason_REASON_UPGRADE_REQUIRED, "this path accepts WebSocket handshakes only; docs/live.md describes how to connect")
	}
	if r.Header.Get("Sec-WebSocket-Version") != socketVersion {
		return errs.New(errorsv1.Reason_REASON_UPGRADE_REQUIRED, "Sec-WebSocket-Version: must be %s", socketVersion).Field("Sec-WebSocket-Version", "must be "+socketVersion)
	}
	if keys := r.Header.Values("Sec-WebSocket-Key"); len(keys) != 1 || !isNonce(keys[0]) {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "Sec-WebSocket-Key: must be sent once, with 16 bytes in base64").
			Field("Sec-WebSocket-Key", "must be sent once, with 16 bytes in base64")
	}
	if !hasToken(r.Header, "Sec-WebSocket-Protocol", socket.Protocol) {
		return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "request the subprotocol %s", socket.Protocol).
			Field("Sec-WebSocket-Protocol", "must contain "+socket.Protocol)
	}
	return nil
}

// isNonce reports whether a handshake's key has the form that RFC 6455, section 4.1, requires.
func isNonce(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	return err == nil && len(nonce) == 16
}

// hasToken reports whether one of a header's comma-separated values equals a token.
func hasToken(header http.Header, name, token string) bool {
	for value := range strings.SplitSeq(strings.Join(header.Values(name), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(value), token) {
			return true
		}
	}
	return false
}
