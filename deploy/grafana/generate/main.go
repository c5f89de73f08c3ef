// Command generate generates the dashboards as JSON for Grafana.
//
//	cd deploy && go run ./grafana/generate grafana/dashboards
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/bitcraps/bitcraps/deploy/grafana/panels"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: generate DIR")
	}
	for _, d := range panels.Dashboards() {
		if err := write(os.Args[1], d); err != nil {
			log.Fatalf("%s: %v", d.UID, err)
		}
	}
}

func write(dir string, d panels.Dashboard) error {
	text, err := render(d)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, d.UID+".json"), text, 0o644)
}

// render returns a dashboard as JSON.
func render(d panels.Dashboard) ([]byte, error) {
	built, err := build(d).Build()
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(built, "", "  ")
	return append(text, '\n'), err
}
