package bitcraps_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// TestRemediateCommand runs the command with --dry-run: it prints its plans, listens with TLS, requires the token, and stops gracefully.
func TestRemediateCommand(t *testing.T) {
	dir := t.TempDir()
	authority, err := localca.Open(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	files, err := authority.Issue(identity.Operator, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secret, token := strings.Repeat("x", 32), filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, written := io.Pipe()
	cmd := bitcraps.Command()
	cmd.SetOut(written)
	cmd.SetErr(io.Discard)
	cmd.SetArgs([]string{"remediate", "--policy", "../../deploy/remediation/policy.yaml", "--token-file", token, "--dry-run", "--dir", dir,
		"--listen", "127.0.0.1:0", "--tls-cert-file", files.CertFile, "--tls-key-file", files.KeyFile})
	ended := make(chan error, 1)
	go func() {
		err := cmd.ExecuteContext(ctx)
		_ = written.Close()
		ended <- err
	}()
	var printed []string
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		printed = append(printed, lines.Text())
		_, url, _ = strings.Cut(lines.Text(), "ready ")
	}
	if !strings.HasPrefix(url, "https://127.0.0.1:") {
		cancel()
		t.Fatalf("it printed %v and ended with %v", printed, <-ended)
	}
	for _, want := range []string{"start consensus-3 of the fleet", "there is no target for executor fleet", "can't scale"} {
		if !strings.Contains(strings.Join(printed, "\n"), want) {
			t.Errorf("it does not print %q: %v", want, printed)
		}
	}
	if status := getStatus(t, url+"/remediations", files.CAFile, secret); status != http.StatusOK {
		t.Errorf("it answers %d", status)
	}
	if status := getStatus(t, url+"/remediations", files.CAFile, "another"); status != http.StatusUnauthorized {
		t.Errorf("with a wrong token it answers %d", status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// getStatus sends a request over TLS. The certificate's name is a service's, so only its issuer is verified.
func getStatus(t *testing.T, url, authority, token string) int {
	t.Helper()
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots})
		return err
	}}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
