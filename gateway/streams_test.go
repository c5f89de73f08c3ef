package gateway

import (
	"testing"

	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

func TestStreamsOfAnAddressAreBounded(t *testing.T) {
	s := newStreams(2)
	var leave func()
	for range 2 {
		var err error
		if leave, err = s.enter("198.51.100.1"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.enter("198.51.100.1"); errs.Reason(err) != errorsv1.Reason_REASON_RATE_LIMITED {
		t.Errorf("a third stream: %v", err)
	}
	if _, err := s.enter("198.51.100.2"); err != nil {
		t.Errorf("somebody else's: %v", err)
	}
	leave()
	again, err := s.enter("198.51.100.1")
	if err != nil {
		t.Fatalf("behind one that ended: %v", err)
	}
	again()
	unbounded := newStreams(0)
	for range 100 {
		if _, err := unbounded.enter("198.51.100.1"); err != nil {
			t.Fatal(err)
		}
	}
}
