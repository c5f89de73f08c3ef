package game

import (
	"bytes"
	"crypto/sha256"

	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/canonical"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// request is a call that may carry a request id.
type request interface {
	proto.Message
	GetRequestId() string
}

// recall answers a retry with what the request did the first time.
func recall(known play.Request, req request, response proto.Message) error {
	if !bytes.Equal(known.Fingerprint, fingerprint(req)) {
		return errs.New(errorsv1.Reason_REASON_REQUEST_ID_REUSED, "request id %q was used for another request; use a new one", req.GetRequestId()).
			Field("request_id", "must be new for a new request")
	}
	return proto.Unmarshal(known.Response, response)
}

// fingerprint is a hash of what is asked: the kind of request and all its fields. Canonical JSON is the same in every
// release that has the same fields; the encoding of protobuf may change with the library.
func fingerprint(req proto.Message) []byte {
	text, err := canonical.JSON(req)
	if err != nil {
		panic(err) // Requests hold no floats, which alone can't be written.
	}
	sum := sha256.Sum256(append([]byte(req.ProtoReflect().Descriptor().FullName()), text...))
	return sum[:]
}
