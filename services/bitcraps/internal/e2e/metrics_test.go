package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestStrangersMakeNoSeries asks for many paths and methods that nobody has, and counts the metrics that come of it.
func TestStrangersMakeNoSeries(t *testing.T) { everywhere(t, strangersMakeNoSeries) }

func strangersMakeNoSeries(t *testing.T, tg *target) {
	c := newClient(t, tg.url())
	metrics := newClient(t, tg.metrics(c.base))
	series := func() (n int) {
		for line := range strings.Lines(metrics.must(200, "GET", "/metrics", nil).text) {
			if strings.HasPrefix(line, "bitcraps_requests_total") || strings.HasPrefix(line, "bitcraps_rpc_requests_total") {
				n++
			}
		}
		return n
	}
	visit := func(i int) {
		c.do("GET", "/api/v1/games/"+uuid.NewString(), nil)
		c.do("GET", fmt.Sprintf("/nowhere/%d", i), nil)
		c.do(fmt.Sprintf("METHOD%d", i), "/api/v1/games", nil)
		c.do("GET", fmt.Sprintf("/api/v1/beacons/%d", 1_000_000+i), nil)
	}
	for i := range 8 { // Every validator was asked, and /metrics itself.
		visit(i)
		series()
	}
	before := series()
	for i := 8; i < 58; i++ {
		visit(i)
	}
	if after := series(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}
