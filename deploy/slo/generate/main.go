// Command generate generates Prometheus rules from slo.yaml.
//
//	cd deploy && go run ./slo/generate prometheus/rules
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/bitcraps/bitcraps/deploy/slo"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: generate DIR")
	}
	if err := generate(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func generate(dir string) error {
	file, err := slo.Load()
	if err != nil {
		return err
	}
	rules, err := file.Rules()
	if err != nil {
		return err
	}
	for name, text := range rules {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
