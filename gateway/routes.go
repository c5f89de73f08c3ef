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
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// Route is one REST call as its contract describes it.
type Route struct {
	// Method and Path are of HTTP; the path has {parameters}.
	Method, Path string
	// RPC is the full gRPC name of the method that is called.
	RPC string
	// Request describes the message that path, query and body fill.
	Request protoreflect.MessageDescriptor
	// Body is whether all that is not in the path comes in the body. Otherwise it comes in the query.
	Body bool
	// Status is that of a success.
	Status int
	// Rule is who may call.
	Rule access.Rule
	// Refusals are why a call may be refused that is well-formed, beside what any call may be refused for.
	Refusals []errorsv1.Reason
	// Stream is true where the answer goes on for as long as the client likes.
	Stream bool
}

// contracts are the services that REST reaches.
var contracts = append(slices.Clone(apiContracts),
	gamev1.GameService_ServiceDesc.ServiceName, gamev1.LedgerService_ServiceDesc.ServiceName,
	gamev1.ProtectionService_ServiceDesc.ServiceName, gamev1.LobbyService_ServiceDesc.ServiceName,
	consensusv1.ConsensusService_ServiceDesc.ServiceName,
)

// EventsPath is where a game's events are streamed from. A stream has no REST annotation in the contract.
const EventsPath = "/api/v1/games/{game_id}/events"

// routes are all REST calls, by the gRPC name of their method.
type routes map[string]Route

// Routes reads the contracts' annotations.
func Routes() []Route {
	var all []Route
	for _, contract := range contracts {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(contract))
		if err != nil {
			panic(err) // The generated packages above register what they describe.
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			if route, ok := read(methods.Get(i)); ok {
				all = append(all, route)
			}
		}
	}
	// No contract describes a WebSocket.
	return append(all, Route{Method: http.MethodGet, Path: SocketPath, Request: (&gamev1.ListWagersRequest{}).ProtoReflect().Descriptor(),
		Status: http.StatusSwitchingProtocols, Stream: true,
		Rule:     access.Rule{Person: true, Roles: []optionsv1.Role{optionsv1.Role_ROLE_PLAYER}, Scope: optionsv1.Scope_SCOPE_READ},
		Refusals: []errorsv1.Reason{errorsv1.Reason_REASON_ORIGIN_NOT_ALLOWED, errorsv1.Reason_REASON_UPGRADE_REQUIRED}})
}

func read(method protoreflect.MethodDescriptor) (Route, bool) {
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

// find returns the route that a matched pattern belongs to.
func (r routes) find(method, path string) (Route, bool) {
	for _, route := range r {
		if route.Method == method && route.Path == path {
			return route, true
		}
	}
	return Route{}, false
}

// allowed are the methods that a path has, for the Allow header.
func (r routes) allowed(path string) string {
	var methods []string
	for _, route := range r {
		if matches(route.Path, path) {
			methods = append(methods, route.Method)
		}
	}
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// matches reports whether a path fits a pattern, segment by segment.
func matches(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool { return strings.HasPrefix(w, "{") || w == h })
}
