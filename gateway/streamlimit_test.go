package gateway

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

func TestStreamsPerAddressAreBounded(t *testing.T) {
	s := newStreamLimiter(2)
	var release func()
	for range 2 {
		var err error
		if release, err = s.acquire("198.51.100.1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.acquire("198.51.100.1"); errs.Reason(err) != errorsv1.Reason_REASON_RATE_LIMITED {
		t.Errorf("a third stream: %v", err)
	}
	if _, err := s.acquire("198.51.100.2"); err != nil {
		t.Errorf("another address's: %v", err)
	}
	release()
	reacquired, err := s.acquire("198.51.100.1")
	if err != nil {
		t.Fatalf("after one ended: %v", err)
	}
	reacquired()
	unbounded := newStreamLimiter(0)
	for range 100 {
		if _, err := unbounded.acquire("198.51.100.1"); err != nil {
			t.Fatal(err)
		}
	}
}
