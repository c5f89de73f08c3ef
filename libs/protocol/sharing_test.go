package protocol_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"pgregory.net/rapid"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSharingVectors(t *testing.T) {
	for _, c := range load(t).Sharings {
		want := protocol.Sharing{Epoch: c.Epoch}
		for _, point := range c.Commitments {
			want.Commitments = append(want.Commitments, protocol.Point(unhex(t, point)))
		}
		for _, address := range c.Members {
			want.Members = append(want.Members, protocol.Address(unhex(t, address)))
		}
		if got := hex.EncodeToString(want.Encode()); got != c.Encoding {
			t.Errorf("epoch %d encodes to\n%s, want\n%s", c.Epoch, got, c.Encoding)
		}
		if hash := want.Hash(); hex.EncodeToString(hash[:]) != c.Hash {
			t.Errorf("epoch %d has the hash %x, want %s", c.Epoch, hash, c.Hash)
		}
		got, err := protocol.DecodeSharing(unhex(t, c.Encoding))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("epoch %d came back as %+v, %v", c.Epoch, got, err)
		}
		if got.Threshold() != len(c.Commitments) || got.GroupKey() != want.Commitments[0] {
			t.Errorf("epoch %d: threshold %d, group key %x", c.Epoch, got.Threshold(), got.GroupKey())
		}
	}
}

func drawSharing(t *rapid.T, most int) protocol.Sharing {
	members := rapid.IntRange(1, most).Draw(t, "members")
	s := protocol.Sharing{Epoch: rapid.Uint64().Draw(t, "epoch"), Members: make([]protocol.Address, members),
		Commitments: make([]protocol.Point, rapid.IntRange(1, members).Draw(t, "threshold"))}
	for i := range s.Members {
		s.Members[i] = protocol.Address{byte(i), rapid.Byte().Draw(t, "address")}
	}
	for i := range s.Commitments {
		s.Commitments[i] = protocol.Point{rapid.Byte().Draw(t, "point"), byte(i)}
	}
	return s
}

func TestSharingRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawSharing(t, protocol.MaxMembers)
		got, err := protocol.DecodeSharing(want.Encode())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v came back as %+v, %v", want, got, err)
		}
	})
}

func TestMalformedSharingsAreRefused(t *testing.T) {
	members := func(n int) []protocol.Address {
		out := make([]protocol.Address, n)
		for i := range out {
			out[i] = protocol.Address{byte(i), byte(i >> 8)}
		}
		return out
	}
	good := protocol.Sharing{Epoch: 1, Commitments: make([]protocol.Point, 3), Members: members(4)}.Encode()
	for name, b := range map[string][]byte{
		"nothing":           nil,
		"another tag":       append([]byte("bitcraps/round/1"), good[16:]...),
		"a byte less":       good[:len(good)-1],
		"a byte more":       append(bytes.Clone(good), 0),
		"no commitments":    protocol.Sharing{Members: members(4)}.Encode(),
		"nobody":            protocol.Sharing{}.Encode(),
		"too few members":   protocol.Sharing{Commitments: make([]protocol.Point, 3), Members: members(2)}.Encode(),
		"too many members":  protocol.Sharing{Commitments: make([]protocol.Point, 1), Members: members(protocol.MaxMembers + 1)}.Encode(),
		"a member twice":    protocol.Sharing{Commitments: make([]protocol.Point, 1), Members: make([]protocol.Address, 2)}.Encode(),
		"counts of 65535":   append(append(bytes.Clone(good[:24]), 0xff, 0xff, 0xff, 0xff), good[28:]...),
		"only the head":     good[:28],
		"head without tail": good[:27],
	} {
		if s, err := protocol.DecodeSharing(b); !errors.Is(err, protocol.ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func FuzzDecodeSharing(f *testing.F) {
	f.Add(protocol.Sharing{Epoch: 1, Commitments: make([]protocol.Point, 1), Members: make([]protocol.Address, 1)}.Encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := protocol.DecodeSharing(b)
		if err == nil && !bytes.Equal(s.Encode(), b) {
			t.Errorf("%x decodes, but is not what its sharing encodes to", b)
		}
	})
}
