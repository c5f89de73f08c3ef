package health

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

const (
	// errorWindow is how far back errors are searched, and maxShown how many of them are shown.
	errorWindow = 24 * time.Hour
	maxShown    = 10
	// maxLog is how much of the end of each log is read.
	maxLog = 64 << 20
	// maxLine is the longest line that is read; the rest of the log after a longer one is not read.
	maxLine = 1 << 20
)

// logLine has the fields of a log line that are shown.
type logLine struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Service string    `json:"service"`
	Message string    `json:"msg"`
	Error   string    `json:"error"`
	Trace   string    `json:"trace_id"`
}

// recentErrors is step 5: the latest errors of the last 24 hours.
func recentErrors(logs []string, now time.Time) Step {
	step := Step{Name: "errors", Verdict: OK}
	if len(logs) == 0 {
		step.Verdict, step.Summary = Skipped, "no logs are configured; name their folder with --logs"
		return step
	}
	var found []logLine
	for _, path := range logs {
		lines, err := readErrors(path, now.Add(-errorWindow))
		if err != nil {
			step.Verdict, step.Summary = Degraded, fmt.Sprintf("%s can't be read: %v", path, err)
			return step
		}
		found = append(found, lines...)
	}
	slices.SortStableFunc(found, func(a, b logLine) int { return a.Time.Compare(b.Time) })
	step.Summary = fmt.Sprintf("%d lines of level ERROR in 24 h", len(found))
	if len(found) > 0 {
		step.Verdict, step.Columns = Degraded, []string{"TIME", "SERVICE", "MESSAGE", "TRACE"}
	}
	for _, l := range found[max(0, len(found)-maxShown):] {
		message := l.Message
		if l.Error != "" {
			message += ": " + l.Error
		}
		step.Rows = append(step.Rows, []string{l.Time.UTC().Format(time.DateTime), cmp.Or(l.Service, "-"), printable(message), cmp.Or(l.Trace, "-")})
	}
	return step
}

// readErrors returns the error lines in the last maxLog bytes of a log.
func readErrors(path string, from time.Time) (found []logLine, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if size, err := file.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	} else if _, err := file.Seek(max(0, size-maxLog), io.SeekStart); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if !bytes.Contains(lines.Bytes(), []byte(`"ERROR"`)) {
			continue
		}
		var l logLine
		// Other text is in the file too, such as a panic, or a store's log. It has no level.
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Level == "ERROR" && l.Time.After(from) {
			found = append(found, l)
		}
	}
	return found, lines.Err()
}

// printable returns the beginning of a text, without control characters, which a terminal would interpret.
func printable(text string) string {
	const maxRunes = 120
	runes := []rune(text)
	for i, r := range runes {
		if r < ' ' || r == 0x7f {
			runes[i] = ' '
		}
	}
	if len(runes) > maxRunes {
		return string(runes[:maxRunes-1]) + "…"
	}
	return string(runes)
}
