package game

import (
	"bytes"
	"context"
	"crypto/sha256"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	"github.com/bitcraps/bitcraps/services/game/internal/play"
)

// request is a call that may carry a request id.
type request interface {
	proto.Message
	GetRequestId() string
}

// once runs a command in a transaction and saves the turns that it returns. A request id makes it run once: a retry
// with the same contents gets the first answer, and one with other contents is refused. response is filled.
func (s *Service) once(ctx context.Context, req request, response proto.Message, command func(play.Tx) ([]*play.Turn, error)) error {
	player, id := identity.FromContext(ctx).Player, req.GetRequestId()
	var turns []*play.Turn
	err := s.store.Update(ctx, func(tx play.Tx) (err error) {
		turns = nil // Of an attempt before this one nothing is left.
		if id != "" {
			known, err := tx.Requests(ctx, play.RequestKey{Player: player, ID: id})
			if err != nil {
				return err
			}
			for _, request := range known {
				return recall(request, req, response)
			}
		}
		if turns, err = command(tx); err != nil {
			return err
		}
		if err := tx.Save(ctx, turns...); err != nil || id == "" {
			return err
		}
		answer, err := proto.Marshal(response)
		if err != nil {
			return err
		}
		return tx.SaveRequests(ctx, map[play.RequestKey]play.Request{{Player: player, ID: id}: {Fingerprint: fingerprint(req), Response: answer, At: s.now()}})
	})
	if err == nil {
		s.done(turns...)
	}
	return err
}

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
