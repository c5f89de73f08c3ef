// Package access decides which callers may call a gRPC method, by the access annotations of the contracts. The gateway and every
// server use it, so that their decisions cannot differ; docs/access.md lists the rules of all methods.
package access

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

// Rule states who may call a method.
type Rule struct {
	// Method is the full gRPC name of the method.
	Method string
	// Callers are the services that may call.
	Callers []string
	// RequiresPlayer is true if a player must be signed in.
	RequiresPlayer bool
	// Roles are the roles that may call if a player must be signed in.
	Roles []optionsv1.Role
	// Scope is the scope that an API key must have; with SCOPE_UNSPECIFIED, no API key may call.
	Scope optionsv1.Scope
}

// Of returns a method's rule. The rule of a method without an annotation lets nobody call.
func Of(method protoreflect.MethodDescriptor) Rule {
	annotation, _ := proto.GetExtension(method.Options(), optionsv1.E_Access).(*optionsv1.Access)
	rule := Rule{Method: "/" + string(method.Parent().FullName()) + "/" + string(method.Name()), Callers: annotation.GetCallers(), Scope: annotation.GetScope()}
	switch annotation.GetPrincipal() {
	case optionsv1.Principal_PRINCIPAL_NONE:
	case optionsv1.Principal_PRINCIPAL_PLAYER:
		rule.RequiresPlayer, rule.Roles = true, annotation.GetRoles()
		if len(rule.Roles) == 0 {
			rule.Roles = []optionsv1.Role{optionsv1.Role_ROLE_PLAYER}
		}
	default:
		rule.Callers = nil
	}
	return rule
}

// Check returns an error unless the caller may call.
func (r Rule) Check(caller identity.Caller) error {
	if !slices.Contains(r.Callers, caller.Service) {
		return errs.New(errorsv1.Reason_REASON_CALLER_NOT_ALLOWED, "%q may not call %s", caller.Service, r.Method)
	}
	if !r.RequiresPlayer || caller.Service == identity.Operator {
		return nil
	}
	return r.CheckPlayer(caller)
}

// Privileged reports whether the method is reserved for roles above an ordinary player's.
func (r Rule) Privileged() bool {
	return r.RequiresPlayer && !slices.Contains(r.Roles, optionsv1.Role_ROLE_PLAYER)
}

// CheckPlayer returns an error unless a player is signed in who may call.
func (r Rule) CheckPlayer(caller identity.Caller) error {
	switch {
	case !r.RequiresPlayer:
		return nil
	case caller.Player == uuid.Nil:
		return errs.New(errorsv1.Reason_REASON_CREDENTIALS_MISSING, "sign in first, and send the token as \"Authorization: Bearer TOKEN\"")
	case !slices.Contains(r.Roles, caller.Role):
		return errs.New(errorsv1.Reason_REASON_ROLE_NOT_ALLOWED, "this is for the roles %s, and yours is %s", names(r.Roles), RoleName(caller.Role))
	case caller.Scopes != 0 && r.Scope == optionsv1.Scope_SCOPE_UNSPECIFIED:
		return errs.New(errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED, "no API key can do this; sign in as a person")
	case caller.Scopes != 0 && !caller.Scopes.Has(r.Scope):
		return errs.New(errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED, "the API key lacks the scope %s; create one that has it", ScopeName(r.Scope))
	}
	return nil
}

// RoleName returns a role's name in lower case: "player".
func RoleName(role optionsv1.Role) string {
	return strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_"))
}

// ScopeName returns a scope's name in lower case: "play".
func ScopeName(scope optionsv1.Scope) string {
	return strings.ToLower(strings.TrimPrefix(scope.String(), "SCOPE_"))
}

func names(roles []optionsv1.Role) string {
	all := make([]string, len(roles))
	for i, role := range roles {
		all[i] = RoleName(role)
	}
	return strings.Join(all, ", ")
}
