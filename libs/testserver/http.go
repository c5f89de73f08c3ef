package testserver

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

// FreeAddress returns a loopback address that nobody listened on a moment ago.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func freeAddress() (string, error) {
	addresses, err := loopback.FreeAddresses(1)
	if err != nil {
		return "", err
	}
	return addresses[0], nil
}

// Serve runs an HTTP server until the test ends. It returns once the URL ready answers 200.
func Serve(t testing.TB, c Command, ready string) {
	t.Helper()
	process, err := Start(c, func(ctx context.Context) error { return answers(ctx, ready) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func answers(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}
