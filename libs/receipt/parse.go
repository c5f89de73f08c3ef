package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// parseHex parses exactly size bytes. It accepts lowercase digits only: with uppercase digits allowed, a proof could be changed without
// any check noticing.
func parseHex(field, text string, size int) ([]byte, error) {
	if len(text) != 2*size {
		return nil, fmt.Errorf("%s: %d characters; %d lowercase hex digits are wanted", field, len(text), 2*size)
	}
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return nil, fmt.Errorf("%s: character %d is not a lowercase hex digit", field, i)
		}
	}
	return hex.DecodeString(text)
}

func parseHash(field, text string) (protocol.Hash, error) {
	b, err := parseHex(field, text, sha256.Size)
	if err != nil {
		return protocol.Hash{}, err
	}
	return protocol.Hash(b), nil
}

// timestamp encodes a time. CheckValid rejects missing times too.
func timestamp(field string, at *timestamppb.Timestamp) (message, error) {
	if err := at.CheckValid(); err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return message{}.integer(1, at.GetSeconds()).integer(2, int64(at.GetNanos())), nil
}
