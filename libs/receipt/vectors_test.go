package receipt_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/protocol"
	"github.com/bitcraps/bitcraps/libs/receipt"
	receiptv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/receipt/v1"
)

// vectors is the shape of testdata/vectors.json. Messages are JSON as in a receipt.
type vectors struct {
	Headers []struct {
		ChainID, Hash string
		Header        json.RawMessage
	}
	Sets []struct {
		Validators []json.RawMessage
		Hash       string
	}
	Votes []struct {
		ChainID, Time, Bytes string
		Header, Commit       json.RawMessage
	}
	Blocks []struct {
		DataHash     string
		Transactions []struct {
			Commitment string
			Inclusion  json.RawMessage
		}
	}
}

func parse[M proto.Message](t *testing.T, text []byte, m M) M {
	t.Helper()
	if err := protojson.Unmarshal(text, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for i, c := range v.Headers {
		hash, err := receipt.BlockHash(c.ChainID, parse(t, c.Header, &receiptv1.Header{}))
		if got := hex.EncodeToString(hash[:]); err != nil || got != c.Hash {
			t.Errorf("header %d has the hash %s, %v, want %s", i, got, err, c.Hash)
		}
	}
	for i, c := range v.Sets {
		var set []*receiptv1.Validator
		for _, validator := range c.Validators {
			set = append(set, parse(t, validator, &receiptv1.Validator{}))
		}
		hash, err := receipt.ValidatorsHash(set)
		if got := hex.EncodeToString(hash[:]); err != nil || got != c.Hash {
			t.Errorf("set %d has the hash %s, %v, want %s", i, got, err, c.Hash)
		}
	}
	for i, c := range v.Votes {
		at := parse(t, []byte(`"`+c.Time+`"`), &timestamppb.Timestamp{})
		vote, err := receipt.VoteSignBytes(c.ChainID, parse(t, c.Header, &receiptv1.Header{}), parse(t, c.Commit, &receiptv1.Commit{}), at)
		if got := hex.EncodeToString(vote); err != nil || got != c.Bytes {
			t.Errorf("vote %d is\n%s, %v, want\n%s", i, got, err, c.Bytes)
		}
	}
	for i, c := range v.Blocks {
		for place, tx := range c.Transactions {
			encoding, _ := hex.DecodeString(tx.Commitment)
			commitment, err := protocol.DecodeCommitment(encoding)
			if err != nil {
				t.Fatal(err)
			}
			proof := &receiptv1.BlockProof{Header: &receiptv1.Header{DataHash: c.DataHash}, Inclusion: parse(t, tx.Inclusion, &receiptv1.Inclusion{})}
			if err := receipt.CheckInclusion(proof, commitment); err != nil {
				t.Errorf("block %d, transaction %d: %v", i, place, err)
			}
		}
	}
}
