package platform_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
	"github.com/bitcraps/bitcraps/loadtest/internal/platform"
)

// slowFleet is a program whose fleet does not get ready. It writes down what it is told.
const slowFleet = `#!/bin/sh
echo "$2" >>"$0.told"
[ "$2" = up ] || exit 0
trap 'kill $!; echo end >>"$0.told"; exit 1' TERM
sleep 60 >/dev/null 2>&1 &
echo waits >>"$0.told"
wait
`

// TestAFleetThatIsNotWaitedForEnds has the context end while a fleet starts: that is told to end by itself, and the rest is stopped.
func TestAFleetThatIsNotWaitedForEnds(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bitcraps")
	if err := os.WriteFile(binary, []byte(slowFleet), 0o700); err != nil {
		t.Fatal(err)
	}
	told := func() string {
		text, _ := os.ReadFile(binary + ".told") // It is not there at first.
		return strings.Join(strings.Fields(string(text)), " ")
	}
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error, 1)
	go func() {
		_, err := platform.StartFleet(ctx, binary, t.TempDir())
		started <- err
	}()
	testserver.Eventually(t, "the fleet's start", func() bool { return told() == "up waits" })
	cancel()
	if err := <-started; err == nil {
		t.Error("a fleet that does not get ready has started")
	}
	if got := told(); got != "up waits end down" {
		t.Errorf("the fleet was told %q", got)
	}
}
