package telemetry_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServicesOfOneProcessShareMetricNames(t *testing.T) {
	tel := telemetry.Discard()
	for _, service := range []string{"api", "game"} {
		counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "x_total"})
		scope := tel.For(service, 0)
		for range 2 {
			if err := scope.Metrics.Register(counter); err != nil {
				t.Errorf("%s: %v", service, err)
			}
			scope.Unregister()
		}
		scope.Metrics.MustRegister(counter)
	}
}
