package fleet

import (
	"encoding/json"
	"path/filepath"
	"strconv"
)

// target is an entry of Prometheus's file-based service discovery.
type target struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// writeTargets lists the admin ports for Prometheus, each with its service and replica. The processes put both labels on their own
// metrics, but Prometheus itself records that a process does not answer.
func (f *Fleet) writeTargets() error {
	targets := make([]target, 0, len(f.plan.Members))
	for _, m := range f.plan.Members {
		targets = append(targets, target{[]string{m.Admin}, map[string]string{"service": m.Service, "replica": strconv.Itoa(m.Replica)}})
	}
	text, err := json.MarshalIndent(targets, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(f.dir, "targets.json"), text)
}
