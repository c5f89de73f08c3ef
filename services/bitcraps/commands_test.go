package bitcraps_test

import (
	"strings"
	"testing"
)

// TestAMistypedCommandFails mistypes one of each group, and asks each what it has.
func TestAMistypedCommandFails(t *testing.T) {
	for _, group := range []string{"chain", "config", "fleet"} {
		_, err := command(t, group+" stauts")
		if want := `unknown command "stauts" for "bitcraps ` + group + `"; `; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("it ended with %v, want %s", err, want)
		}
		if help, err := command(t, group); err != nil || !strings.Contains(help, "Available Commands") {
			t.Errorf("%s: %v\n%s", group, err, help)
		}
	}
}
