package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// fakeAPIEnv tells a child process that it is not the test, and contains the URL at which the test serves a fake of the platform's API.
const fakeAPIEnv = "BITCRAPS_REPORT_TEST_API"

func TestMain(m *testing.M) {
	switch api := os.Getenv(fakeAPIEnv); {
	case api == "":
		os.Exit(m.Run())
	case os.Args[1] == "up":
		fakePlatform(api)
	default:
		main()
	}
}

// fakePlatform acts as a platform whose API is served by the test, and reports its orderly shutdown to the test.
func fakePlatform(api string) {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	fmt.Println("ready " + api)
	<-end
	if _, err := http.Post(api+"/stopped", "", nil); err != nil {
		panic(err)
	}
}

// TestInterruptCleansUp interrupts the report (Ctrl-C) while it plays rounds: the platform is stopped, and its directory removed.
func TestInterruptCleansUp(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rolled, stopped := make(chan struct{}, 1), make(chan struct{}, 2)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/stopped":
			stopped <- struct{}{}
		case strings.HasSuffix(r.URL.Path, "/roll"):
			select {
			case rolled <- struct{}{}:
			default:
			}
		}
		_, _ = io.WriteString(w, `{"game_id":"table","balance":1000}`)
	}))
	defer api.Close()
	dir := t.TempDir()
	report := exec.CommandContext(t.Context(), self, "--only", "alone", "--rounds", "1000000", "--binary", self)
	report.Env = append(os.Environ(), fakeAPIEnv+"="+api.URL, "TMPDIR="+dir)
	var stderr strings.Builder
	report.Stderr = &stderr
	if err := report.Start(); err != nil {
		t.Fatal(err)
	}
	<-rolled
	if err := report.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if exit, ok := errors.AsType[*exec.ExitError](report.Wait()); !ok || exit.ExitCode() != 1 {
		t.Errorf("the report ended with %v\n%s", exit, &stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if len(stopped) != 2 { // The platform is started twice.
		t.Errorf("%d platforms were stopped", len(stopped))
	}
}
