package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
	// requestIDHeader carries the request's id in requests and responses.
	requestIDHeader = "X-Request-Id"
	// idempotencyHeader makes a retry safe, as request_id does.
	idempotencyHeader = "Idempotency-Key"
)

// securityHeaders are set on every response. The shared value slices must not be modified.
var securityHeaders = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"X-Frame-Options":         {"DENY"},
	"Referrer-Policy":         {"no-referrer"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
}

// commonMiddleware wraps every request: it assigns the request id, records logs, metrics and a span, sets the common headers, recovers
// from panics, and bounds the URL.
func (g *Gateway) commonMiddleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if id == "" || len(id) > 64 || !printable(id) {
			id = uuid.NewString()
		}
		record := &record{ResponseWriter: w, status: http.StatusOK}
		ctx, span := g.startSpan(w, r)
		defer func() { endSpan(span, r, record) }()
		ctx = context.WithValue(telemetry.WithRequestID(ctx, id), recordKey{}, record)
		r = r.WithContext(ctx)
		start := time.Now()
		defer func() { g.observe(ctx, r, record, time.Since(start)) }()
		defer g.recover(record, r)

		header := w.Header()
		if r.ProtoMajor == 1 && (r.ProtoMinor == 0 || len(r.TransferEncoding) > 0) {
			// net/http silently drops a Content-Length next to a Transfer-Encoding, and any Transfer-Encoding of HTTP/1.0. A proxy
			// may have used the dropped header and so place the end of the request elsewhere (request smuggling), so no further
			// request may follow on this connection.
			header.Set("Connection", "close")
		}
		header.Set(requestIDHeader, id)
		maps.Copy(header, securityHeaders)
		if g.cfg.Network.EnableTLS {
			header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		if len(r.RequestURI) > g.cfg.Limits.URLBytes {
			g.writeError(ctx, record, r, errs.New(errorsv1.Reason_REASON_URL_TOO_LONG, "the URL has %d bytes; at most %d are accepted", len(r.RequestURI), g.cfg.Limits.URLBytes))
			return
		}
		if rest, ok := strings.CutPrefix(r.URL.Path, "/api/"); ok && !strings.HasPrefix(rest, "v1/") {
			r.URL.Path, r.URL.RawPath = "/api/v1/"+rest, "" // Every path also exists without v1.
		}
		next.ServeHTTP(record, r)
	})
}

// recover writes an error response for a handler that panicked.
func (g *Gateway) recover(w *record, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares the panic's value by identity, too.
		panic(cause)
	}
	g.writeError(r.Context(), w, r, fmt.Errorf("panic: %v\n%s", cause, debug.Stack()))
}

// addressMiddleware applies the rate limit of the client's address to every API request, including those that match no route and
// those without credentials.
func (g *Gateway) addressMiddleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := g.rateLimits.countAddress(r.Context(), w, r); err != nil {
			g.writeError(r.Context(), w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// routeMiddleware wraps every matched route: it checks the request, authenticates the caller, applies rate limits, and sets the
// call's timeout.
func (g *Gateway) routeMiddleware(next runtime.HandlerFunc) runtime.HandlerFunc {
	var once sync.Once
	var route Route
	var known bool
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		ctx := r.Context()
		pattern, _ := runtime.HTTPPattern(ctx) // Always the pattern of next.
		once.Do(func() { route, known = g.routes.find(r.Method, strings.ReplaceAll(pattern.String(), "=*", "")) })
		if !known {
			g.writeError(ctx, w, r, fmt.Errorf("pattern %s has no route", pattern))
			return
		}
		recordOf(ctx).route = route.Path
		err := g.checkRequest(w, r)
		if err == nil {
			err = checkParameters(r, route, params)
		}
		if err == nil {
			ctx, err = g.auth.authenticate(ctx, w, r, route)
		}
		if err == nil {
			err = g.rateLimits.countRoute(ctx, w, r, route)
		}
		if err != nil {
			g.writeError(ctx, w, r, err)
			return
		}
		if route.Stream {
			next(w, r.WithContext(ctx), params)
			return
		}
		ctx, cancel := context.WithTimeout(ctx, g.cfg.Limits.Timeout)
		defer cancel()
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(g.writeTimeout())) // Time spent reading a slow body does not count against the call.
		w.Header().Set("Cache-Control", "no-store")
		next(w, withoutHeaders(r.WithContext(withIdempotencyKey(ctx, r.Header.Get(idempotencyHeader)))), params)
	}
}

// forwardedHeaders are the headers that grpc-gateway itself reads. Without them it reads and writes JSON.
var forwardedHeaders = []string{"Accept", "Content-Type", "Grpc-Timeout", "Te"}

// withoutHeaders drops the headers that grpc-gateway would forward as metadata; no service reads them.
func withoutHeaders(r *http.Request) *http.Request {
	var header http.Header
	for _, name := range forwardedHeaders {
		if values := r.Header[name]; len(values) > 0 && values[0] != jsonType {
			if header == nil {
				header = make(http.Header)
			}
			header[name] = values
		}
	}
	r.Header, r.Host, r.RemoteAddr = header, "", ""
	return r
}

// printable reports whether a header's value can be forwarded as gRPC metadata.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// checkRequest reads the body up to the limit. It refuses unsupported content types and charsets, and a path or a header used as a
// field that is not UTF-8 or, for a header, that is repeated.
func (g *Gateway) checkRequest(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.cfg.Limits.BodyBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errs.New(errorsv1.Reason_REASON_BODY_TOO_LARGE, "the body is too large; at most %d bytes are accepted", g.cfg.Limits.BodyBytes)
	}
	if err != nil {
		return errs.New(errorsv1.Reason_REASON_MALFORMED_BODY, "%sincomplete", codec.Prefix)
	}
	if kind := r.Header.Get("Content-Type"); len(body) > 0 && (kind != jsonType || r.Header.Get("Content-Encoding") != "") {
		kind, params, err := mime.ParseMediaType(kind)
		charset := params["charset"]
		if err != nil || kind != jsonType && kind != formType || charset != "" && !strings.EqualFold(charset, "utf-8") || r.Header.Get("Content-Encoding") != "" {
			return errs.New(errorsv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE, "send the body as %s or %s, in UTF-8, not compressed", jsonType, formType)
		}
	}
	for _, field := range [...]struct{ name, text string }{{"path", r.URL.Path}, {idempotencyHeader, r.Header.Get(idempotencyHeader)}, {"Authorization", r.Header.Get("Authorization")}} {
		if !utf8.ValidString(field.text) {
			return errs.New(errorsv1.Reason_REASON_INVALID_FIELD, "%s: not UTF-8", field.name).Field(field.name, "must be UTF-8")
		}
		if err := atMostOne(r.Header, field.name); err != nil {
			return err
		}
	}
	r.Body = codec.NewBody(body)
	return nil
}
