package codec

import (
	"bytes"
	"fmt"
	"io"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"

	"github.com/bitcraps/bitcraps/libs/canonical"
)

// JSON implements runtime.Marshaler for application/json.
type JSON struct{}

// Form implements runtime.Marshaler for application/x-www-form-urlencoded requests; responses are JSON.
type Form struct{ JSON }

// ContentType implements runtime.Marshaler.
func (JSON) ContentType(any) string { return "application/json" }

// Marshal implements runtime.Marshaler.
func (JSON) Marshal(v any) ([]byte, error) {
	// For a method with a response_body annotation, grpc-gateway passes one field of the response instead of the response.
	if m, ok := v.(proto.Message); ok {
		return canonical.JSON(m)
	}
	return nil, fmt.Errorf("codec: %T is not a message", v)
}

// Unmarshal implements runtime.Marshaler.
func (JSON) Unmarshal(body []byte, v any) error { return decode(body, v, DecodeJSON) }

// NewDecoder implements runtime.Marshaler.
func (JSON) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, DecodeJSON) }

// NewEncoder implements runtime.Marshaler.
func (j JSON) NewEncoder(w io.Writer) runtime.Encoder {
	return runtime.EncoderFunc(func(v any) error {
		text, err := j.Marshal(v)
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	})
}

// Unmarshal implements runtime.Marshaler.
func (Form) Unmarshal(body []byte, v any) error { return decode(body, v, DecodeForm) }

// NewDecoder implements runtime.Marshaler.
func (Form) NewDecoder(r io.Reader) runtime.Decoder { return decoder(r, DecodeForm) }

// Body is the body of a request that the gateway has already read, within its limit.
type Body struct {
	*bytes.Reader
	text []byte
}

// NewBody returns a Body that holds text.
func NewBody(text []byte) Body { return Body{bytes.NewReader(text), text} }

// Close implements io.Closer.
func (Body) Close() error { return nil }

func decoder(r io.Reader, read func([]byte, proto.Message) error) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		body, err := readAll(r)
		if err != nil {
			return err
		}
		if len(body) == 0 {
			return io.EOF
		}
		return decode(body, v, read)
	})
}

// readAll returns the whole body.
func readAll(r io.Reader) ([]byte, error) {
	if body, ok := r.(Body); ok {
		return body.text, nil
	}
	return io.ReadAll(r)
}

func decode(body []byte, v any, read func([]byte, proto.Message) error) error {
	m, ok := v.(proto.Message)
	if !ok {
		return fmt.Errorf("codec: %T is not a message", v)
	}
	return read(body, m)
}
