package testserver

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

// FreeAddresses returns n loopback addresses that nobody listens on. They are reserved until the tests of this process end.
func FreeAddresses(t testing.TB, n int) []string {
	t.Helper()
	addresses, err := loopback.FreeAddresses(n)
	if err != nil {
		t.Fatal(err)
	}
	return addresses
}

// FreeAddress returns one of FreeAddresses.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return FreeAddresses(t, 1)[0]
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
