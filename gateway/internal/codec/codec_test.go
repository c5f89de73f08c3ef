package codec_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"

	"github.com/bitcraps/bitcraps/gateway/internal/codec"
)

func TestStrictJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		ok   bool
	}{
		"good":                  {`{"bet_type":"field","amount":50}`, true},
		"amount as text":        {`{"bet_type":"field","amount":"50"}`, true},
		"truncated":             {`{"bet_type":"field`, false},
		"not JSON":              {`bet_type=field`, false},
		"unknown field":         {`{"bet":"field"}`, false},
		"wrong case":            {`{"Bet_Type":"field"}`, false},
		"repeated field":        {`{"amount":1,"amount":2}`, false},
		"two objects":           {`{"amount":1}{}`, false},
		"garbage after the end": {`{"amount":1} x`, false},
		"array":                 {`[1]`, false},
		"null":                  {`null`, false},
		"fraction":              {`{"amount":50.5}`, false},
		"zero fraction":         {`{"amount":50.0}`, false},
		"exponent":              {`{"amount":5e1}`, false},
		"exponent as text":      {`{"amount":"5e1"}`, false},
		"fraction as text":      {`{"amount":"50.0"}`, false},
		"escaped exponent":      {`{"amount":"\u0035e1"}`, false},
		"a backslash and u0000": {`{"bet_type":"\\u0000"}`, true},
		"quote within":          {`{"bet_type":"\"","amount":1.5}`, false},
		"huge":                  {`{"amount":1e308}`, false},
		"2^63":                  {`{"amount":9223372036854775808}`, false},
		"bool":                  {`{"amount":true}`, false},
		"deep":                  {strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), false},
		"NUL":                   {`{"bet_type":"a\u0000b"}`, false},
		"bad UTF-8":             {"{\"bet_type\":\"\xff\"}", false},
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
		"bad UTF-8":        {"bet_type=%ff&amount=50", false},
		"not a number":     {"amount=fifty", false},
		"fraction":         {"amount=5.5", false},
		"exponent":         {"amount=5e1", false},
		"malformed escape": {"amount=%zz", false},
		"NUL":              {"bet_type=%00", false},
	} {
		t.Run(name, func(t *testing.T) {
			var m gamev1.PlaceBetRequest
			if err := codec.DecodeForm([]byte(tc.body), &m); (err == nil) != tc.ok || err != nil && strings.Contains(err.Error(), "strconv") {
				t.Errorf("err = %v, message %v", err, &m)
			}
		})
	}
}

// FuzzJSONNumbers checks that an accepted body means the same to encoding/json, and that its numbers are integers.
func FuzzJSONNumbers(f *testing.F) {
	for _, body := range []string{`{"amount":50}`, `{"amount":"5e1"}`, `{"amount":"\u0035e1"}`, `{"client_seed":"\\u0000","amount":1}`, `{"client_seed":"a\u0000"}`, `{"number":1.0}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var m gamev1.PlaceBetRequest
		if codec.DecodeJSON([]byte(body), &m) != nil {
			return
		}
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.UseNumber()
		values := make(map[string]any)
		if err := decoder.Decode(&values); err != nil {
			t.Fatalf("%q is not a JSON object: %v", body, err)
		}
		for name, value := range values {
			switch text := fmt.Sprint(value); {
			case strings.Contains(text, "\x00"):
				t.Errorf("%q has a NUL", body)
			case name == "amount" || name == "number":
				if _, err := strconv.ParseInt(text, 10, 64); err != nil && value != nil {
					t.Errorf("%q was read as %v", body, &m)
				}
			}
		}
	})
}

func BenchmarkDecodeJSON(b *testing.B) {
	body := []byte(`{"bet_type":"pass_line","amount":50}`)
	for b.Loop() {
		var m gamev1.PlaceBetRequest
		if err := codec.DecodeJSON(body, &m); err != nil {
			b.Fatal(err)
		}
	}
}
