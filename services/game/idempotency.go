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

// replayResponse answers a retry with the stored response to the first request.
func replayResponse(stored play.Request, req request, response proto.Message) error {
	if !bytes.Equal(stored.Fingerprint, fingerprint(req)) {
		return errs.New(errorsv1.Reason_REASON_REQUEST_ID_REUSED, "request id %q was used for another request; use a new one", req.GetRequestId()).
			Field("request_id", "must be new for a new request")
	}
	return proto.Unmarshal(stored.Response, response)
}

// fingerprint returns a hash of a request: its type and all its fields. Canonical JSON is the same in every release that has the same
// fields, whereas the protobuf encoding may change with the library.
func fingerprint(req proto.Message) []byte {
	text, err := canonical.JSON(req)
	if err != nil {
		panic(err) // Only floats can't be encoded, and requests have none.
	}
	sum := sha256.Sum256(append([]byte(req.ProtoReflect().Descriptor().FullName()), text...))
	return sum[:]
}
