package remediation

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bitcraps/bitcraps/libs/admin"
)

const (
	// minToken is the length that the token must have at least: shorter ones can be guessed.
	minToken = 32
	// maxTokenFile is the size of the largest token file that is accepted.
	maxTokenFile = 4 << 10
)

// ReadToken reads the token that clients must send.
func ReadToken(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || len(text) > maxTokenFile {
		return "", fmt.Errorf("%s has no token of at least %d characters; generate one with `openssl rand -hex 32`", path, minToken)
	}
	return token, nil
}

// Handler serves Alertmanager's webhook and the list of decisions to clients with the token, and a probe and metrics to everybody.
func (r *Remediator) Handler(token string, gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /alerts", authenticated(token, http.HandlerFunc(r.receive)))
	mux.Handle("GET /remediations", authenticated(token, http.HandlerFunc(r.list)))
	mux.Handle("GET /healthz", admin.Live(nil))
	mux.Handle("GET /metrics", admin.Metrics(gatherer))
	return mux
}

// authenticated requires the token. It compares hashes, so that the timing reveals nothing about the token or its length.
func authenticated(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		bearer, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(bearer))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="bitcraps"`)
			writeError(w, http.StatusUnauthorized, "send the token as \"Authorization: Bearer TOKEN\"; in Alertmanager, set http_config.authorization.credentials_file")
			return
		}
		next.ServeHTTP(w, req)
	})
}

func (r *Remediator) receive(w http.ResponseWriter, req *http.Request) {
	alerts, err := decode(http.MaxBytesReader(w, req.Body, maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		writeError(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a notification may have at most %d bytes; set max_alerts in the receiver's webhook_configs", tooLarge.Limit))
		return
	}
	if err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := r.Handle(req.Context(), alerts); err != nil {
		w.Header().Set("Retry-After", "10")
		writeError(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (r *Remediator) list(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"remediations": r.log.latest()})
}

func writeError(w http.ResponseWriter, status int, detail string) {
	writeJSON(w, status, map[string]any{"error": detail})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // A failure means that the client is gone.
}
