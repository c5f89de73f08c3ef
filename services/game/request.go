package game

import (
	"bytes"
	"crypto/sha256"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

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

// fingerprint is a hash of what is asked: the kind of request and all its fields.
func fingerprint(req proto.Message) []byte {
	h := sha256.New()
	h.Write([]byte(req.ProtoReflect().Descriptor().FullName()))
	// Requests are flat, so hashing their fields in the order of the contract is canonical; the encoding of protobuf,
	// deterministic or not, may change with the library.
	fields := req.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		h.Write(append([]byte{0}, field.Name()...))
		h.Write(append([]byte{0}, text(req.ProtoReflect().Get(field))...))
	}
	return h.Sum(nil)
}

func text(v protoreflect.Value) string { return v.String() }
