package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/gateway/internal/openapi"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// TestDocumentMatchesRoutes compares the OpenAPI document with the contracts' annotations.
func TestDocumentMatchesRoutes(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]any
			Security  []map[string]any
		}
	}
	if err := json.Unmarshal(openapi.Document, &doc); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, operations := range doc.Paths {
		count += len(operations)
	}
	if count != len(Routes()) {
		t.Errorf("%d operations, %d routes", count, len(Routes()))
	}
	for _, route := range Routes() {
		operation, ok := doc.Paths[route.Path][strings.ToLower(route.Method)]
		if !ok {
			t.Errorf("%s %s is missing", route.Method, route.Path)
			continue
		}
		for _, reason := range append(route.Refusals, errorsv1.Reason_REASON_INVALID_FIELD) {
			if reason == errorsv1.Reason_REASON_UNSPECIFIED {
				t.Errorf("%s %s: its contract names an unknown reason", route.Method, route.Path)
			} else if status := errs.HTTPStatus(errs.New(reason, "")); operation.Responses[strconv.Itoa(status)] == nil {
				t.Errorf("%s %s lacks status %d of %s", route.Method, route.Path, status, reason)
			}
		}
		if operation.Responses[strconv.Itoa(route.Status)] == nil {
			t.Errorf("%s %s lacks status %d", route.Method, route.Path, route.Status)
		}
		if (len(operation.Security) > 0) != route.Rule.RequiresPlayer {
			t.Errorf("%s %s: security %v, requires a person: %v", route.Method, route.Path, operation.Security, route.Rule.RequiresPlayer)
		}
	}
}

func TestRoutesFromContracts(t *testing.T) {
	all := make(routes)
	for _, route := range Routes() {
		all[route.RPC] = route
	}
	create, ok := all.find(http.MethodPost, "/api/v1/games")
	if !ok || create.Status != http.StatusCreated || !create.Rule.RequiresPlayer || create.RPC != "/bitcraps.game.v1.GameService/CreateGame" {
		t.Errorf("create = %+v", create)
	}
	for path, want := range map[string]string{
		"/api/v1/games": "GET, HEAD, POST", "/api/v1/games/x/bets/y": "DELETE, PATCH", "/api/v1/games/x/events": "GET", "/nothing": "",
	} {
		if got := all.allowed(path); got != want {
			t.Errorf("allowed(%s) = %q, want %q", path, got, want)
		}
	}
}
