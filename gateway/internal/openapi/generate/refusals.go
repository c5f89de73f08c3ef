package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/errs"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
)

// commonReasons are the reasons for which any call may be refused, by checks of the gateway or a service before the method runs.
var commonReasons = []errorsv1.Reason{
	errorsv1.Reason_REASON_INVALID_FIELD, errorsv1.Reason_REASON_MALFORMED_BODY, errorsv1.Reason_REASON_UNSUPPORTED_MEDIA_TYPE,
	errorsv1.Reason_REASON_BODY_TOO_LARGE, errorsv1.Reason_REASON_URL_TOO_LONG, errorsv1.Reason_REASON_RATE_LIMITED,
	errorsv1.Reason_REASON_OVERLOADED, errorsv1.Reason_REASON_INTERNAL, errorsv1.Reason_REASON_UNAVAILABLE,
	errorsv1.Reason_REASON_STORAGE_FULL, errorsv1.Reason_REASON_DEADLINE_EXCEEDED,
}

// signedInReasons are the further reasons of calls that require a caller signed in by token, API key or cookie, or a new guest.
var signedInReasons = []errorsv1.Reason{
	errorsv1.Reason_REASON_CREDENTIALS_MISSING, errorsv1.Reason_REASON_TOKEN_INVALID, errorsv1.Reason_REASON_TOKEN_EXPIRED,
	errorsv1.Reason_REASON_SESSION_ENDED, errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED, errorsv1.Reason_REASON_CROSS_ORIGIN,
	errorsv1.Reason_REASON_ROLE_NOT_ALLOWED, errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED, errorsv1.Reason_REASON_GUESTS_NOT_ALLOWED,
}

// privateGameReasons are the further reasons of calls that anyone may make about a game which may be private.
var privateGameReasons = []errorsv1.Reason{
	errorsv1.Reason_REASON_TOKEN_EXPIRED, errorsv1.Reason_REASON_SESSION_ENDED, errorsv1.Reason_REASON_REFRESH_TOKEN_REUSED,
}

// addRefusals adds each status with which a call may be refused, and the reasons that have it.
func addRefusals(responses object, route gateway.Route) {
	reasons := slices.Concat(route.Refusals, commonReasons)
	if route.Rule.RequiresPlayer {
		reasons = append(reasons, signedInReasons...)
	} else if slices.Contains(route.Refusals, errorsv1.Reason_REASON_GAME_NOT_FOUND) {
		reasons = append(reasons, privateGameReasons...)
	}
	if strings.Contains(route.Path, "{") {
		reasons = append(reasons, errorsv1.Reason_REASON_ROUTE_NOT_FOUND) // A parameter that contains a slash makes a different path.
	}
	byStatus := make(map[string][]string)
	for _, reason := range reasons {
		status := strconv.Itoa(errs.HTTPStatus(errs.New(reason, "")))
		if name := errs.Name(reason); !slices.Contains(byStatus[status], name) {
			byStatus[status] = append(byStatus[status], name)
		}
	}
	for status, names := range byStatus {
		responses[status] = errorResponse("One of " + strings.Join(names, ", ") + ".")
	}
}
