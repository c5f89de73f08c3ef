package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestUnreadInputIsRefused sends input that the services would not receive, or would receive with another meaning.
func TestUnreadInputIsRefused(t *testing.T) {
	const game = "/api/v1/games/01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4"
	for name, tc := range map[string]struct {
		call     string
		header   http.Header
		body     string
		status   int
		contains string // Part of the response.
	}{
		"a field in the query of a call with a body": {call: "POST /api/v1/games?private=true", status: 400, contains: `"field":"private","description":"must be sent in the body, not in the query"`},
		"a request id in the query":                  {call: "POST " + game + "/roll?request_id=r1", status: 400, contains: `"message":"request_id: must be sent in the body`},
		"an unknown field in the query":              {call: "POST " + game + "/roll?x=1", status: 400, contains: `"field":"x","description":"must be omitted: the call has no such field"`},
		"a parameter of the path in the query":       {call: "GET " + game + "?game_id=x", status: 400, contains: `"field":"game_id","description":"must be sent in the path only"`},
		"a field twice":                              {call: "GET /api/v1/games?page_size=1&page_size=2", status: 400, contains: `"field":"page_size","description":"must be sent once, not 2 times"`},
		"a name that is not UTF-8":                   {call: "GET /api/v1/games?%ff=1", status: 400, contains: `"description":"must be omitted`},
		"text for a number":                          {call: "GET /api/v1/games?page_size=x", status: 400, contains: `"field":"page_size","description":"must be a 32-bit integer"`},
		"an empty number":                            {call: "GET /api/v1/games?page_size=", status: 400, contains: `"field":"page_size"`},
		"a number that is too large":                 {call: "GET /api/v1/games?page_size=4294967296", status: 400, contains: `"field":"page_size"`},
		"text for an enum":                           {call: "GET /api/v1/games?phase=PHASE_X", status: 400, contains: `"field":"phase","description":"must be one of PHASE_COME_OUT, PHASE_POINT"`},
		"text for a number in the path":              {call: "GET /api/v1/beacons/x", status: 400, contains: `"field":"height","description":"must be a 64-bit integer"`},
		"a fraction in the path":                     {call: "GET " + game + "/rounds/1.0", status: 400, contains: `"message":"round: must be a 64-bit integer"`},
		"a signed number in the path":                {call: "GET " + game + "/rounds/+1", status: 400, contains: `"field":"round"`},
		"another base in the path":                   {call: "GET " + game + "/rounds/0x1", status: 400, contains: `"field":"round"`},
		"two idempotency keys":                       {call: "POST " + game + "/roll", header: http.Header{"Idempotency-Key": {"a", "b"}}, status: 400, contains: `"field":"Idempotency-Key","description":"must be sent once"`},
		"two credentials":                            {call: "POST " + game + "/roll", header: http.Header{"Authorization": {"Bearer a", "Bearer b"}}, status: 400, contains: `"field":"Authorization"`},
		"two events to resume after":                 {call: "GET " + game + "/events", header: http.Header{"Last-Event-Id": {"1", "2"}}, status: 400, contains: `"field":"Last-Event-ID","description":"must be sent once"`},
		"a signed event":                             {call: "GET " + game + "/events", header: http.Header{"Last-Event-Id": {"+3"}}, status: 400, contains: `"field":"Last-Event-ID","description":"must be the id of an event"`},
		"a signed event in the query":                {call: "GET " + game + "/events?after_sequence=%2B3", status: 400, contains: `"field":"after_sequence"`},
		"a body of another charset":                  {call: "POST " + game + "/roll", header: http.Header{"Content-Type": {"application/json; charset=utf-16"}}, body: "{}", status: 415, contains: "in UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			method, path, _ := strings.Cut(tc.call, " ")
			r := httptest.NewRequest(method, path, strings.NewReader(tc.body))
			for name, values := range tc.header {
				r.Header[name] = values
			}
			w := httptest.NewRecorder()
			newTestGateway(t).Handler().ServeHTTP(w, r)
			if text := strings.ReplaceAll(w.Body.String(), `", "`, `","`); w.Code != tc.status || !strings.Contains(text, tc.contains) || strings.Contains(text, "strconv") {
				t.Errorf("%d %s\nwant %d and %s", w.Code, text, tc.status, tc.contains)
			}
		})
	}
}
