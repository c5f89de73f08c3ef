package codec_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
)

func TestIntegersAreNumbers(t *testing.T) {
	text, err := codec.Encode(&gamev1.PlaceBetResponse{Bet: &gamev1.Bet{BetId: "b", Amount: 1 << 52, Status: gamev1.BetStatus_BET_STATUS_LIVE,
		PlacedAt: &timestamppb.Timestamp{Seconds: 1}}, Balance: -5})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"bet":{"bet_id":"b","game_id":"","player_id":"","bet_type":"","number":0,"amount":4503599627370496,"working":false,` +
		`"client_seed":"","status":"BET_STATUS_LIVE","placed_round":0,"decided_round":0,"payout":0,"placed_at":"1970-01-01T00:00:01Z"},"balance":-5}`
	if string(text) != want {
		t.Errorf("encoded as\n%s, want\n%s", text, want)
	}
}

func TestErrorsKeepTheirDetails(t *testing.T) {
	detail, err := anypb.New(&errdetails.ErrorInfo{Reason: "R", Metadata: map[string]string{"b": "\"2\"", "a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := codec.Encode(&status.Status{Code: 3, Message: "<no>", Details: []*anypb.Any{detail}})
	var back status.Status
	if err != nil || protojson.Unmarshal(text, &back) != nil || back.GetMessage() != "<no>" || len(back.GetDetails()) != 1 {
		t.Errorf("%s, %v", text, err)
	}
}

// FuzzEncode compares with protojson: what we write, it reads back as the same message.
func FuzzEncode(f *testing.F) {
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
		text, err := codec.Encode(&in)
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

func compact(b []byte) string {
	var out bytes.Buffer
	_ = json.Compact(&out, b)
	return out.String()
}

func TestStrictJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		ok   bool
	}{
		"good":                   {`{"bet_type":"field","amount":50}`, true},
		"amount as text":         {`{"bet_type":"field","amount":"50"}`, true},
		"truncated":              {`{"bet_type":"field`, false},
		"not JSON":               {`bet_type=field`, false},
		"unknown field":          {`{"bet":"field"}`, false},
		"wrong case":             {`{"Bet_Type":"field"}`, false},
		"repeated field":         {`{"amount":1,"amount":2}`, false},
		"bytes behind the end":   {`{"amount":1}{}`, false},
		"garbage behind the end": {`{"amount":1} x`, false},
		"array":                  {`[1]`, false},
		"null":                   {`null`, false},
		"fraction":               {`{"amount":50.5}`, false},
		"fraction of nothing":    {`{"amount":50.0}`, false},
		"exponent":               {`{"amount":5e1}`, false},
		"exponent as text":       {`{"amount":"5e1"}`, false},
		"fraction as text":       {`{"amount":"50.0"}`, false},
		"huge":                   {`{"amount":1e308}`, false},
		"2^63":                   {`{"amount":9223372036854775808}`, false},
		"bool":                   {`{"amount":true}`, false},
		"deep":                   {strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), false},
		"NUL":                    {`{"bet_type":"a\u0000b"}`, false},
		"bad UTF-8":              {"{\"bet_type\":\"\xff\"}", false},
	} {
		t.Run(name, func(t *testing.T) {
			var m gamev1.PlaceBetRequest
			err := codec.DecodeJSON([]byte(tc.body), &m)
			if (err == nil) != tc.ok {
				t.Errorf("err = %v", err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), codec.Prefix) {
				t.Errorf("%q does not begin with %q", err, codec.Prefix)
			}
		})
	}
}

func TestForms(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		ok   bool
	}{
		"good":             {"bet_type=pass_line&amount=50&working=true", true},
		"escaped":          {"bet_type=" + url.QueryEscape("pass_line") + "&amount=50", true},
		"unknown field":    {"bet_type=pass_line&stake=50", false},
		"JSON name":        {"betType=pass_line", false},
		"repeated field":   {"amount=50&amount=60", false},
		"not a number":     {"amount=fifty", false},
		"fraction":         {"amount=5.5", false},
		"exponent":         {"amount=5e1", false},
		"malformed escape": {"amount=%zz", false},
		"NUL":              {"bet_type=%00", false},
	} {
		t.Run(name, func(t *testing.T) {
			var m gamev1.PlaceBetRequest
			if err := codec.DecodeForm([]byte(tc.body), &m); (err == nil) != tc.ok {
				t.Errorf("err = %v, message %v", err, &m)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	m := &gamev1.PlaceBetResponse{Bet: &gamev1.Bet{BetId: "b", Amount: 50, PlacedAt: timestamppb.Now()}, Balance: 950}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Encode(m); err != nil {
			b.Fatal(err)
		}
	}
}
