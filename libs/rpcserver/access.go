package rpcserver

import (
	"context"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/google/uuid"
)

// open are the services that anyone may ask: they tell nothing but liveness and the contracts.
var open = []string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}

// access enforces the (options.v1.access) annotation of every registered method.
type access struct {
	server *grpc.Server
	once   sync.Once
	rules  map[string]*optionsv1.Access
}

// load reads the annotations; servers register their services before the first call, but after New.
func (a *access) load() {
	a.rules = make(map[string]*optionsv1.Access)
	for service := range a.server.GetServiceInfo() {
		if slices.Contains(open, service) {
			continue
		}
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		if err != nil {
			continue // Without a rule, authorized refuses.
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			method := methods.Get(i)
			rule, _ := proto.GetExtension(method.Options(), optionsv1.E_Access).(*optionsv1.Access)
			a.rules["/"+service+"/"+string(method.Name())] = rule
		}
	}
}

func (a *access) authorized(ctx context.Context, c call, next func(context.Context) error) error {
	a.once.Do(a.load)
	service, _, _ := strings.Cut(strings.TrimPrefix(c.method, "/"), "/")
	if slices.Contains(open, service) {
		return next(ctx)
	}
	caller, rule := identity.FromContext(ctx), a.rules[c.method]
	switch {
	case !slices.Contains(rule.GetCallers(), caller.Service):
		return errs.New(errorsv1.Reason_REASON_CALLER_NOT_ALLOWED, "%q may not call %s", caller.Service, c.method)
	case rule.GetPrincipal() == optionsv1.Principal_PRINCIPAL_NONE:
		return next(ctx)
	case rule.GetPrincipal() == optionsv1.Principal_PRINCIPAL_PLAYER && caller.Player != uuid.Nil:
		return next(ctx)
	case rule.GetPrincipal() == optionsv1.Principal_PRINCIPAL_PLAYER:
		return errs.New(errorsv1.Reason_REASON_CREDENTIALS_MISSING, "sign in first: this call is made by a player")
	}
	return errs.New(errorsv1.Reason_REASON_CALLER_NOT_ALLOWED, "%s has no rule about who may call it", c.method)
}
