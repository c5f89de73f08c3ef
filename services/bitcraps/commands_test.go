package bitcraps_test

import (
	"strings"
	"testing"
)

// TestMistypedCommandFails mistypes a subcommand of each group, and runs each group without one.
func TestMistypedCommandFails(t *testing.T) {
	for _, group := range []string{"chain", "config", "fleet"} {
		_, err := command(t, group+" stauts")
		if want := `unknown command "stauts" for "bitcraps ` + group + `"; `; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("it failed with %v, want %s", err, want)
		}
		if help, err := command(t, group); err != nil || !strings.Contains(help, "Available Commands") {
			t.Errorf("%s: %v\n%s", group, err, help)
		}
	}
}
