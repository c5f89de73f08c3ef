package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/bitcraps/bitcraps/deploy/grafana/panels"
)

// Grafana's grid is 24 columns wide.
const (
	gridWidth    = 24
	numberHeight = 4
	chartHeight  = 8
)

// source is the Prometheus data source of provisioning/datasources.
var source = common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("prometheus")}

// build builds a dashboard in the classic format, which every Grafana can read from files; the SDK prefers the newest API's format.
func build(d panels.Dashboard) *dashboard.DashboardBuilder { //nolint:staticcheck // See above.
	//nolint:staticcheck // See above.
	b := dashboard.NewDashboardBuilder(d.Title).Uid(d.UID).Description(d.Description).Tags([]string{"bitcraps"}).
		Refresh("30s").Time("now-1h", "now").Timezone("utc").Readonly().Tooltip(dashboard.DashboardCursorSyncCrosshair)
	for _, row := range d.Rows {
		b.WithRow(dashboard.NewRowBuilder(row.Title))
		for _, p := range row.Panels {
			b.WithPanel(panel(p, uint32(gridWidth/len(row.Panels))))
		}
	}
	return b
}

func panel(p panels.Panel, width uint32) cog.Builder[dashboard.Panel] {
	var targets []cog.Builder[variants.Dataquery]
	for i, q := range p.Queries {
		targets = append(targets, prometheus.NewDataqueryBuilder().RefId(string(rune('A'+i))).Expr(q.Expr).LegendFormat(q.Legend).Datasource(source))
	}
	if p.Number {
		return stat.NewPanelBuilder().Title(p.Title).Description(p.Description).Unit(p.Unit).Datasource(source).
			Height(numberHeight).Span(width).Targets(targets)
	}
	return timeseries.NewPanelBuilder().Title(p.Title).Description(p.Description).Unit(p.Unit).Min(0).Datasource(source).
		Height(chartHeight).Span(width).FillOpacity(10).Targets(targets)
}
