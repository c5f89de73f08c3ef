package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Secrets that tests send and receive are recorded. After all tests, the logs of every shared platform are searched for them, and for the
// keys in the platform's files.

// confidential are the fields of requests and answers whose values are secrets.
var confidential = map[string]bool{"access_token": true, "refresh_token": true, "api_key": true, "password": true, "new_password": true,
	"old_password": true, "code": true, "client_seed": true}

// distinctive matches values that can be searched for: others, such as numbers, are in log lines by chance.
var distinctive = regexp.MustCompile(`^.*\D.*$`)

const minSecretLength = 12

var recordedSecrets struct {
	sync.Mutex
	values map[string]string // By value: where it was seen.
}

func recordSecret(value, where string) {
	recordedSecrets.Lock()
	defer recordedSecrets.Unlock()
	if recordedSecrets.values == nil {
		recordedSecrets.values = make(map[string]string)
	}
	if len(value) >= minSecretLength && distinctive.MatchString(value) {
		recordedSecrets.values[value] = where
	}
}

// recordSecrets records the secrets of a request and its answer.
func recordSecrets(req *http.Request, sent []byte, resp *http.Response, answered []byte) {
	recordSecret(strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "), "Authorization")
	for _, cookie := range append(req.Cookies(), resp.Cookies()...) {
		recordSecret(cookie.Value, "cookie "+cookie.Name)
	}
	for _, body := range [][]byte{sent, answered} {
		var fields any
		if json.Unmarshal(body, &fields) == nil {
			recordFields(fields)
		}
		if form, err := url.ParseQuery(string(body)); err == nil {
			for name := range confidential {
				recordSecret(form.Get(name), name)
			}
		}
	}
}

func recordFields(node any) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			recordFields(item)
		}
	case map[string]any:
		for name, value := range node {
			if text, ok := value.(string); ok && confidential[name] {
				recordSecret(text, name)
			}
			recordFields(value)
		}
	}
}

// keyPatterns match keys and passwords in a platform's files.
var keyPatterns = []*regexp.Regexp{
	regexp.MustCompile(`"priv_key":\s*\{[^}]*"value":\s*"([^"]+)"`),
	regexp.MustCompile(`(AGE-SECRET-KEY-\S+)`),
	regexp.MustCompile(`^([0-9a-f]{64})\s*$`),
	regexp.MustCompile(`PRIVATE KEY-----\s+(\S+)`),
	regexp.MustCompile(`postgresql://[^:/\s]+:([^@\s]+)@`),
}

// keysInFiles returns the secrets in the files of a platform, with the file that contains each.
func keysInFiles(dir string) (map[string]string, error) {
	found := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() > 64<<10 || strings.HasSuffix(path, ".log") { // No file with a key is larger.
			return err
		}
		text, err := os.ReadFile(path)
		for _, form := range keyPatterns {
			for _, match := range form.FindAllSubmatch(text, -1) {
				found[string(match[1])] = path
			}
		}
		return err
	})
	return found, err
}

// checkLog returns the faults of a log: lines that are not JSON or lack a required field, and secrets.
func checkLog(log []byte, secrets map[string]string) (wrong []string) {
	for text := range bytes.Lines(log) {
		var line struct{ Time, Level, Msg, Service, Target string }
		if err := json.Unmarshal(text, &line); err != nil || slices.Contains([]string{line.Time, line.Level, line.Msg, line.Service, line.Target}, "") {
			wrong = append(wrong, fmt.Sprintf("not a log line: %.200s", text))
		}
	}
	for secret, where := range secrets {
		if bytes.Contains(log, []byte(secret)) {
			wrong = append(wrong, fmt.Sprintf("a line has the secret of %s", where))
		}
	}
	return wrong
}

// checkLogs checks the logs of a stopped platform.
func (tg *target) checkLogs() error {
	secrets, err := keysInFiles(tg.dir)
	if err != nil {
		return err
	}
	if len(secrets) < 9 || len(tg.logs) == 0 { // Two keys for each validator, and the operator's.
		return fmt.Errorf("%s has %d keys and %d logs", tg.dir, len(secrets), len(tg.logs))
	}
	recordedSecrets.Lock()
	defer recordedSecrets.Unlock()
	for value, where := range recordedSecrets.values {
		secrets[value] = where
	}
	var failures []error
	for _, path := range tg.logs {
		log, err := os.ReadFile(path)
		if err == nil && len(log) == 0 {
			err = errors.New("nothing was logged, so nothing was checked")
		}
		for _, wrong := range checkLog(log, secrets) {
			err = errors.Join(err, errors.New(wrong))
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", filepath.Base(path), err))
		}
	}
	return errors.Join(failures...)
}

func TestSecretsInALogAreFound(t *testing.T) {
	good := `{"time":"t","level":"INFO","msg":"m","service":"game","target":"bitcraps/services/game"}` + "\n"
	secrets := map[string]string{"hunter2hunter2": "password"}
	if wrong := checkLog([]byte(good), secrets); len(wrong) > 0 {
		t.Errorf("a good log: %q", wrong)
	}
	for _, bad := range []string{"panic: oh no\n", strings.Replace(good, `"game"`, `""`, 1), strings.Replace(good, `"m"`, `"said hunter2hunter2"`, 1)} {
		if wrong := checkLog([]byte(good+bad), secrets); len(wrong) != 1 {
			t.Errorf("%q: %q", bad, wrong)
		}
	}
}
