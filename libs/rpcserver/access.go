package rpcserver

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	rules "github.com/bitcraps/bitcraps/libs/access"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
)

// public are the services that anyone may call: they expose nothing but liveness and the contracts.
var public = []string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}

// access enforces the (options.v1.access) annotation of every registered method.
type access struct {
	server *grpc.Server
	audit  *slog.Logger
	once   sync.Once
	rules  map[string]rules.Rule
}

// load reads the annotations. It runs at the first call, since servers register their services only after New.
func (a *access) load() {
	a.rules = make(map[string]rules.Rule)
	for service := range a.server.GetServiceInfo() {
		if slices.Contains(public, service) {
			continue
		}
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		if err != nil {
			continue // authorized refuses methods without a rule.
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			rule := rules.Of(methods.Get(i))
			a.rules[rule.Method] = rule
		}
	}
}

func (a *access) authorized(ctx context.Context, c call, next func(context.Context) error) error {
	a.once.Do(a.load)
	service, _, _ := strings.Cut(strings.TrimPrefix(c.method, "/"), "/")
	if slices.Contains(public, service) {
		return next(ctx)
	}
	rule, known := a.rules[c.method]
	if !known {
		rule.Method = c.method // Without callers, the rule refuses everyone.
	}
	caller := identity.FromContext(ctx)
	err := rule.Check(caller)
	if err == nil {
		err = next(ctx)
	}
	if caller.Service == identity.Operator || rule.Privileged() {
		a.audit.InfoContext(ctx, "operator call", "method", c.method, "by", caller.Player, "caller", caller.Service, "status", errs.HTTPStatus(errs.Mask(err)))
	}
	return err
}
