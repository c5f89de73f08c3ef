package canonical_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/bitcraps/bitcraps/libs/canonical"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
)

func TestIntegersAreNumbers(t *testing.T) {
	text, err := canonical.JSON(&gamev1.PlaceBetResponse{Bet: &gamev1.Bet{BetId: "b", Amount: 1 << 52, Status: gamev1.BetStatus_BET_STATUS_LIVE,
		PlacedAt: &timestamppb.Timestamp{Seconds: 1}}, Balance: -5})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"bet":{"bet_id":"b","game_id":"","player_id":"","bet_type":"","number":0,"amount":4503599627370496,"working":false,` +
		`"client_seed":"","status":"BET_STATUS_LIVE","placed_round":0,"decided_round":0,"payout":0,"placed_at":"1970-01-01T00:00:01Z","commission":0},"balance":-5}`
	if string(text) != want {
		t.Errorf("encoded as\n%s, want\n%s", text, want)
	}
}

func TestErrorsKeepTheirDetails(t *testing.T) {
	detail, err := anypb.New(&errdetails.ErrorInfo{Reason: "R", Metadata: map[string]string{"b": "\"2\"", "a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := canonical.JSON(&status.Status{Code: 3, Message: "<no>", Details: []*anypb.Any{detail}})
	var back status.Status
	if err != nil || protojson.Unmarshal(text, &back) != nil || back.GetMessage() != "<no>" || len(back.GetDetails()) != 1 {
		t.Errorf("%s, %v", text, err)
	}
}

// FuzzJSON compares with protojson: what we write, it reads back as the same message.
func FuzzJSON(f *testing.F) {
	seed, _ := proto.Marshal(&gamev1.Event{Sequence: 3, Detail: &gamev1.Event_DiceRolled{DiceRolled: &gamev1.DiceRolled{
		Dice: []int32{1, 6}, Settlements: []*gamev1.Settlement{{BetId: "x", Amount: 7}}}}})
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var in, out gamev1.Event
		if proto.Unmarshal(b, &in) != nil {
			return
		}
		in.ProtoReflect().SetUnknown(nil)
		reference, err := protojson.Marshal(&in)
		if err != nil {
			return // A time out of range, or text that is not UTF-8.
		}
		text, err := canonical.JSON(&in)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%s: %v", text, err)
		}
		if err := protojson.Unmarshal(text, &out); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, _ := protojson.Marshal(&out)
		if compact(again) != compact(reference) {
			t.Fatalf("%s came back as %s, not %s", text, again, reference)
		}
	})
}

func TestTimesAreThoseOfProtojson(t *testing.T) {
	for _, at := range []*timestamppb.Timestamp{
		{}, {Seconds: 1, Nanos: 1}, {Seconds: -1, Nanos: 999_999_999}, {Seconds: 1, Nanos: 120_000_000}, {Seconds: 1, Nanos: 120_000}, {Seconds: 1, Nanos: 1_000},
		{Seconds: -62_135_596_800}, {Seconds: 253_402_300_799, Nanos: 999_999_999}, {Seconds: 253_402_300_800}, {Nanos: -1},
	} {
		want, wantErr := protojson.Marshal(at)
		if got, err := canonical.JSON(at); string(got) != string(want) || (err == nil) != (wantErr == nil) {
			t.Errorf("%v is %s, %v; want %s, %v", at, got, err, want, wantErr)
		}
	}
}

func compact(b []byte) string {
	var out bytes.Buffer
	_ = json.Compact(&out, b)
	return out.String()
}

func BenchmarkJSON(b *testing.B) {
	m := &gamev1.PlaceBetResponse{Bet: &gamev1.Bet{BetId: "b", Amount: 50, PlacedAt: timestamppb.Now()}, Balance: 950}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := canonical.JSON(m); err != nil {
			b.Fatal(err)
		}
	}
}
