package platform

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

var heldPattern = regexp.MustCompile(`(?m)^# (?:HeapAlloc|Stack) = (\d+)`)

// HeldBytes returns the platform's memory in use: the live heap after a garbage collection, and the stacks. Resident memory beyond that
// is garbage not collected yet. It needs the platform's --admin-addr.
func HeldBytes(ctx context.Context, admin string) (held int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/debug/pprof/heap?debug=1&gc=1", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	var text strings.Builder
	if _, err := io.Copy(&text, resp.Body); err != nil {
		return 0, err
	}
	parts := heldPattern.FindAllStringSubmatch(text.String(), -1)
	if len(parts) != 2 {
		return 0, fmt.Errorf("%s does not report the process's memory", admin)
	}
	for _, part := range parts {
		bytes, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil {
			return 0, err
		}
		held += bytes
	}
	return held, nil
}
