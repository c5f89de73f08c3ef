package remedy

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
	// minToken is how long the token must be: shorter ones can be guessed.
	minToken = 32
	// maxTokenFile bounds what is taken for one.
	maxTokenFile = 4 << 10
)

// ReadToken reads the token that callers must have.
func ReadToken(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || len(text) > maxTokenFile {
		return "", fmt.Errorf("%s has no token of at least %d characters; make one by `openssl rand -hex 32`", path, minToken)
	}
	return token, nil
}

// Handler serves Alertmanager and people who have the token, and probes and metrics to everybody.
func (r *Remedy) Handler(token string, gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /alerts", authenticated(token, http.HandlerFunc(r.receive)))
	mux.Handle("GET /remediations", authenticated(token, http.HandlerFunc(r.list)))
	mux.Handle("GET /healthz", admin.Live(nil))
	mux.Handle("GET /metrics", admin.Metrics(gatherer))
	return mux
}

// authenticated compares hashes, so that neither time nor length says anything about the token.
func authenticated(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		bearer, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(bearer))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 || !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="bitcraps"`)
			refuse(w, http.StatusUnauthorized, "send the token as \"Authorization: Bearer TOKEN\"; Alertmanager does so by http_config.authorization.credentials_file")
			return
		}
		next.ServeHTTP(w, req)
	})
}

func (r *Remedy) receive(w http.ResponseWriter, req *http.Request) {
	alerts, err := decode(http.MaxBytesReader(w, req.Body, maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a notification may have %d bytes; set max_alerts in the receiver's webhook_configs", tooLarge.Limit))
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := r.Handle(req.Context(), alerts); err != nil {
		w.Header().Set("Retry-After", "10")
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (r *Remedy) list(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"remediations": r.record.latest()})
}

func refuse(w http.ResponseWriter, status int, detail string) {
	answer(w, status, map[string]any{"error": detail})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // The caller may be gone; nobody else would miss the answer.
}
