package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// ofAny are the reasons that any call may be refused for, of whatever the gateway or a service checks before the method.
var ofAny = []errorsv1.Reason{
	errorsv1.Reason_REASON_INVALID_FIELD, errorsv1.Reason_REASON_MALFORMED_BODY, errorsv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE,
	errorsv1.Reason_REASON_BODY_TOO_LARGE, errorsv1.Reason_REASON_URL_TOO_LONG, errorsv1.Reason_REASON_RATE_LIMITED,
	errorsv1.Reason_REASON_OVERLOADED, errorsv1.Reason_REASON_INTERNAL, errorsv1.Reason_REASON_UNAVAILABLE,
	errorsv1.Reason_REASON_STORAGE_FULL, errorsv1.Reason_REASON_DEADLINE_EXCEEDED,
}

// ofPlayers are those of calls that somebody makes who is signed in, by token, API key or cookie, or as a new guest.
var ofPlayers = []errorsv1.Reason{
	errorsv1.Reason_REASON_CREDENTIALS_MISSING, errorsv1.Reason_REASON_TOKEN_INVALID, errorsv1.Reason_REASON_TOKEN_EXPIRED,
	errorsv1.Reason_REASON_SESSION_ENDED, errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED, errorsv1.Reason_REASON_CROSS_ORIGIN,
	errorsv1.Reason_REASON_ROLE_NOT_ALLOWED, errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED, errorsv1.Reason_REASON_GUESTS_NOT_ALLOWED,
}

// ofMembers are those of calls that strangers may make too, about a game that is there for whoever was let in.
var ofMembers = []errorsv1.Reason{
	errorsv1.Reason_REASON_TOKEN_EXPIRED, errorsv1.Reason_REASON_SESSION_ENDED, errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED,
}

// refuse adds each status that a call may be refused with, and the reasons that have it.
func refuse(responses object, route gateway.Route) {
	reasons := slices.Concat(route.Refusals, ofAny)
	if route.Rule.Person {
		reasons = append(reasons, ofPlayers...)
	} else if slices.Contains(route.Refusals, errorsv1.Reason_REASON_GAME_NOT_FOUND) {
		reasons = append(reasons, ofMembers...)
	}
	if strings.Contains(route.Path, "{") {
		reasons = append(reasons, errorsv1.Reason_REASON_ROUTE_NOT_FOUND) // A parameter with a slash in it is another path.
	}
	byStatus := make(map[string][]string)
	for _, reason := range reasons {
		status := strconv.Itoa(errs.HTTPStatus(errs.New(reason, "")))
		if name := errs.Name(reason); !slices.Contains(byStatus[status], name) {
			byStatus[status] = append(byStatus[status], name)
		}
	}
	for status, names := range byStatus {
		responses[status] = failure("One of " + strings.Join(names, ", ") + ".")
	}
}
