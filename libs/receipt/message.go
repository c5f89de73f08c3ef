package receipt

import "google.golang.org/protobuf/encoding/protowire"

// message is a Protobuf message in the canonical form that CometBFT hashes and signs: fields in the order of their numbers, without
// zero values. Protobuf itself does not guarantee such a form, so messages are encoded here by hand.
type message []byte

func (m message) integer(field protowire.Number, v int64) message {
	if v == 0 {
		return m
	}
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

func (m message) fixed(field protowire.Number, v int64) message {
	if v == 0 {
		return m
	}
	return protowire.AppendFixed64(protowire.AppendTag(m, field, protowire.Fixed64Type), uint64(v))
}

func (m message) bytes(field protowire.Number, b []byte) message {
	if len(b) == 0 {
		return m
	}
	return m.embed(field, b)
}

// embed appends a message, even an empty one.
func (m message) embed(field protowire.Number, inner message) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), inner)
}
