package gateway

import (
	"net/http"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/bitcraps/bitcraps/libs/access"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// Route is one REST call as described by its contract.
type Route struct {
	// Method and Path are the HTTP method and path pattern; the path contains {parameters}.
	Method, Path string
	// RPC is the full name of the gRPC method that the route calls.
	RPC string
	// Request describes the request message, which path, query and body populate.
	Request protoreflect.MessageDescriptor
	// Body is true if the fields that are not in the path are sent in the body, and false if they are sent in the query.
	Body bool
	// Status is the HTTP status of success.
	Status int
	// Rule determines who may call.
	Rule access.Rule
	// Refusals are the reasons for which a well-formed call may be refused, besides those that apply to every call.
	Refusals []errorsv1.Reason
	// Stream is true if the response lasts until the client disconnects.
	Stream bool
}

// contracts are the gRPC services that the REST API exposes.
var contracts = slices.Concat(apiContracts, gameContracts, consensusContracts)

// EventsPath is the path of a game's event stream. Streams have no REST annotation in the contract.
const EventsPath = "/api/v1/games/{game_id}/events"

// routes are all REST calls by the full names of their gRPC methods.
type routes map[string]Route

// Routes returns all REST calls, read from the contracts' annotations.
func Routes() []Route {
	var all []Route
	for _, contract := range contracts {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(contract))
		if err != nil {
			panic(err) // The imported generated packages register their descriptors.
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			if route, ok := routeOf(methods.Get(i)); ok {
				all = append(all, route)
			}
		}
	}
	// WebSockets are not described by a contract.
	return append(all, Route{Method: http.MethodGet, Path: SocketPath, Request: (&gamev1.ListWagersRequest{}).ProtoReflect().Descriptor(),
		Status: http.StatusSwitchingProtocols, Stream: true,
		Rule:     access.Rule{RequiresPlayer: true, Roles: []optionsv1.Role{optionsv1.Role_ROLE_PLAYER}, Scope: optionsv1.Scope_SCOPE_READ},
		Refusals: []errorsv1.Reason{errorsv1.Reason_REASON_ORIGIN_NOT_ALLOWED, errorsv1.Reason_REASON_UPGRADE_REQUIRED}})
}

func routeOf(method protoreflect.MethodDescriptor) (Route, bool) {
	rule := access.Of(method)
	route := Route{RPC: rule.Method, Request: method.Input(), Status: http.StatusOK, Rule: rule}
	if status, _ := proto.GetExtension(method.Options(), optionsv1.E_HttpStatus).(int32); status != 0 {
		route.Status = int(status)
	}
	refusals, _ := proto.GetExtension(method.Options(), optionsv1.E_Refusals).(*optionsv1.Refusals)
	for _, name := range refusals.GetReasons() {
		route.Refusals = append(route.Refusals, errorsv1.Reason(errorsv1.Reason_value["REASON_"+name]))
	}
	if route.RPC == gamev1.GameService_WatchGame_FullMethodName {
		route.Method, route.Path, route.Stream = http.MethodGet, EventsPath, true
		return route, true
	}
	path, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	route.Body = path.GetBody() != ""
	switch pattern := path.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		route.Method, route.Path = http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		route.Method, route.Path = http.MethodPost, pattern.Post
	case *annotations.HttpRule_Put:
		route.Method, route.Path = http.MethodPut, pattern.Put
	case *annotations.HttpRule_Patch:
		route.Method, route.Path = http.MethodPatch, pattern.Patch
	case *annotations.HttpRule_Delete:
		route.Method, route.Path = http.MethodDelete, pattern.Delete
	default:
		return Route{}, false
	}
	return route, true
}

// find returns the route with a method and a path pattern.
func (r routes) find(method, path string) (Route, bool) {
	for _, route := range r {
		if route.Method == method && route.Path == path {
			return route, true
		}
	}
	return Route{}, false
}

// allowed returns a path's methods for the Allow header.
func (r routes) allowed(path string) string {
	var methods []string
	for _, route := range r {
		if matches(route.Path, path) {
			methods = append(methods, route.Method)
			if route.hasHead() {
				methods = append(methods, http.MethodHead)
			}
		}
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// allowHead reports whether a path supports GET and is not a stream.
func (r routes) allowHead(path string) bool {
	for _, route := range r {
		if route.hasHead() && matches(route.Path, path) {
			return true
		}
	}
	return false
}

func (r Route) hasHead() bool { return r.Method == http.MethodGet && !r.Stream }

// matches reports whether a path matches a pattern, segment by segment.
func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return strings.HasPrefix(w, "{") || w == h })
}
