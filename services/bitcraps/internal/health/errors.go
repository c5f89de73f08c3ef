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
	// since is how far back errors are looked for, and shown how many of them are.
	since = 24 * time.Hour
	shown = 10
	// maxLog is how much of the end of each log is read.
	maxLog = 64 << 20
	// maxLine is how long a line of a log may be; what stands behind a longer one is not read.
	maxLine = 1 << 20
)

// line is what is read of a line of a log.
type line struct {
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
		step.Verdict, step.Summary = Skipped, "no logs are here; name their folder by --logs"
		return step
	}
	var found []line
	for _, path := range logs {
		lines, err := errorsOf(path, now.Add(-since))
		if err != nil {
			step.Verdict, step.Summary = Degraded, fmt.Sprintf("%s can't be read: %v", path, err)
			return step
		}
		found = append(found, lines...)
	}
	slices.SortStableFunc(found, func(a, b line) int { return a.Time.Compare(b.Time) })
	step.Summary = fmt.Sprintf("%d lines of level ERROR in 24 h", len(found))
	if len(found) > 0 {
		step.Verdict, step.Columns = Degraded, []string{"TIME", "SERVICE", "MESSAGE", "TRACE"}
	}
	for _, l := range found[max(0, len(found)-shown):] {
		message := l.Message
		if l.Error != "" {
			message += ": " + l.Error
		}
		step.Rows = append(step.Rows, []string{l.Time.UTC().Format(time.DateTime), cmp.Or(l.Service, "-"), clip(message), cmp.Or(l.Trace, "-")})
	}
	return step
}

// errorsOf reads the end of a log.
func errorsOf(path string, from time.Time) (found []line, err error) {
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
		var l line
		// Others write to the file too: a panic, or a store. They have no level.
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Level == "ERROR" && l.Time.After(from) {
			found = append(found, l)
		}
	}
	return found, lines.Err()
}

// clip is the beginning of a text, without what a terminal could obey.
func clip(text string) string {
	const most = 120
	runes := []rune(text)
	for i, r := range runes {
		if r < ' ' || r == 0x7f {
			runes[i] = ' '
		}
	}
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}
