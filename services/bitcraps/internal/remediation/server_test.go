package remediation_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/services/bitcraps/internal/remediation"
)

const token = "0123456789abcdef0123456789abcdef"

// notification is a notification of Alertmanager 0.28, shortened.
const notification = `{"receiver":"remediation","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Target_Down","service":"game",
"replica":"1"},"annotations":{"summary":"game 1"},"startsAt":"2026-11-25T02:19:33.499Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p",
"fingerprint":"5a1e8f6c"}],"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://a","version":"4","groupKey":"{}:{}","truncatedAlerts":0}`

// call sends a request, and returns the status and the body.
func call(t *testing.T, handler http.Handler, method, path, authorization, body string) (int, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	answer, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(answer)
}

func TestTokenIsRequired(t *testing.T) {
	b := newFixture(t, true)
	handler := b.Handler(token, b.tel.Registry)
	for _, wrong := range []string{"", token, "Bearer", "Bearer ", "Bearer " + token[1:], "Bearer " + token + "0", "Basic " + token, "bearer " + token} {
		for _, path := range []string{"POST /alerts", "GET /remediations"} {
			method, path, _ := strings.Cut(path, " ")
			if status, body := call(t, handler, method, path, wrong, notification); status != 401 || !strings.Contains(body, "credentials_file") {
				t.Errorf("%s with %q: %d %s", path, wrong, status, body)
			}
		}
	}
	b.wantDecisions()
	if status, body := call(t, handler, "POST", "/alerts", "Bearer "+token, notification); status != 202 || body != "" {
		t.Errorf("%d %s", status, body)
	}
	b.wantDecisions("Target_Down game-1 dry_run")
	status, body := call(t, handler, "GET", "/remediations", "Bearer "+token, "")
	for _, part := range []string{`"alert":"Target_Down"`, `"fingerprint":"5a1e8f6c"`, `"action":"restart"`, `"target":"game-1"`, `"outcome":"dry_run"`} {
		if status != 200 || !strings.Contains(body, part) {
			t.Errorf("%d %s lacks %s", status, body, part)
		}
	}
	for _, path := range []string{"/healthz", "/metrics"} {
		if status, body := call(t, handler, "GET", path, "", ""); status != 200 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestInvalidNotificationsAreRefused(t *testing.T) {
	b := newFixture(t, true)
	handler := b.Handler(token, b.tel.Registry)
	one := notification[strings.Index(notification, "[")+1 : strings.LastIndex(notification, "]")]
	for name, tc := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"nothing":           {"", 400, "not JSON as Alertmanager posts it"},
		"text":              {"hello", 400, "not JSON as Alertmanager posts it"},
		"something else":    {`{"status":"ok"}`, 400, `want \"4\"`},
		"another version":   {strings.Replace(notification, `"4"`, `"5"`, 1), 400, `want \"4\"`},
		"no fingerprint":    {strings.Replace(notification, "5a1e8f6c", "", 1), 400, "alerts[0]: want"},
		"no name":           {strings.Replace(notification, `"alertname"`, `"name"`, 1), 400, "alerts[0]: want"},
		"a long name":       {strings.Replace(notification, "Target_Down", strings.Repeat("x", 200), 1), 400, "at most 128 bytes"},
		"many alerts":       {strings.Replace(notification, one, one+strings.Repeat(","+one, 100), 1), 400, "101 alerts: want at most 100"},
		"a large body":      {`{"version":"` + strings.Repeat("4", 2<<20), 413, "max_alerts"},
		"numbers as labels": {strings.Replace(notification, `"service":"game"`, `"service":1`, 1), 400, "labels"},
	} {
		status, body := call(t, handler, "POST", "/alerts", "Bearer "+token, tc.body)
		if status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s, want %d %s", name, status, body, tc.status, tc.want)
		}
	}
	b.wantDecisions()
}

// FuzzNotification checks that any body with the right token is either refused or decided about.
func FuzzNotification(f *testing.F) {
	f.Add(notification)
	f.Add(`{"version":"4","alerts":[{}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		b := newFixture(t, true)
		if status, answer := call(t, b.Handler(token, b.tel.Registry), "POST", "/alerts", "Bearer "+token, body); status != 202 && status != 400 {
			t.Errorf("%d %s", status, answer)
		}
	})
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for text, fine := range map[string]bool{"": false, "\n": false, "secret": false, token: true, token + "\n": true, strings.Repeat("x", 5000): false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := remediation.ReadToken(path); (err == nil) != fine || fine && got != token {
			t.Errorf("%.40q: %q %v", text, got, err)
		}
	}
}
