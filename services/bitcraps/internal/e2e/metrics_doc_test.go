package e2e_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// documentedMetric is a row of the table in docs/observability/metrics.md.
type documentedMetric struct {
	kind, labels, from string
	// elsewhere is true where a single process without other servers does not export the metric.
	elsewhere bool
}

func documentedMetrics(t *testing.T) map[string]documentedMetric {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/observability/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]documentedMetric)
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		from, _, elsewhere := strings.Cut(cells[5], " (")
		rows[strings.Trim(cells[1], "`")] = documentedMetric{cells[2], cells[3], from, elsewhere}
	}
	return rows
}

// scrapeFamilies returns our own metric families that a platform exports.
func scrapeFamilies(t *testing.T, c *client) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(c.must(200, "GET", "/metrics", nil).text))
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(families, func(name string, _ *dto.MetricFamily) bool {
		return !strings.HasPrefix(name, "bitcraps_") && name != "http_requests_total"
	})
	return families
}

// describeFamily describes a family like a row of the table.
func describeFamily(family *dto.MetricFamily) documentedMetric {
	labels, services := map[string]bool{}, map[string]bool{}
	for _, m := range family.GetMetric() {
		for _, label := range m.GetLabel() {
			switch {
			case label.GetName() == "replica":
			case label.GetName() != "service":
				labels[label.GetName()] = true
			case label.GetValue() == processName:
				services["process"] = true
			default:
				services[label.GetValue()] = true
			}
		}
	}
	var from []string
	for _, service := range []string{"process", "gateway", "api", "game", "consensus"} {
		if services[service] {
			from = append(from, service)
		}
	}
	return documentedMetric{kind: strings.ToLower(family.GetType().String()), labels: strings.Join(slices.Sorted(maps.Keys(labels)), ", "), from: strings.Join(from, ", ")}
}

// TestMetricsMatchDocumentation plays a round in one process, makes every service refuse a call, and compares the exported metrics with
// the page.
func TestMetricsMatchDocumentation(t *testing.T) {
	tg := oneProcess(t)
	c := newClient(t, tg.url())
	game := c.newGame()
	c.bet(game, "pass_line", 10)
	c.must(200, "POST", game+"/roll", nil)
	for _, path := range []string{"/api/v1/beacons/999999999", "/api/v1/games/" + uuid.NewString()} { // Of consensus, of game.
		c.must(404, "GET", path, nil)
	}
	c.must(404, "DELETE", "/api/v1/sessions/"+uuid.NewString(), nil) // Of api.

	documented := documentedMetrics(t)
	families := scrapeFamilies(t, c)
	for name, family := range families {
		if want, ok := documented[name]; !ok {
			t.Errorf("docs/observability/metrics.md lacks %s: %+v", name, describeFamily(family))
		} else if got := describeFamily(family); !want.elsewhere && got != want {
			t.Errorf("%s is %+v, on the page %+v", name, got, want)
		}
	}
	for name, row := range documented {
		if _, ok := families[name]; !ok && !row.elsewhere {
			t.Errorf("%s is on the page but not exported", name)
		}
	}
	if len(documented) < 30 {
		t.Errorf("the page has %d rows", len(documented))
	}
}
