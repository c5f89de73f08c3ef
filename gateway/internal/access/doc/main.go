// Command doc generates docs/access.md, the table of who may call which method, from the contracts.
//
//	go run ./gateway/internal/access/doc > docs/access.md
package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/bitcraps/bitcraps/gateway"
	"github.com/bitcraps/bitcraps/libs/access"
	"github.com/bitcraps/bitcraps/libs/identity"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"

	// Contracts that the gateway does not import.
	_ "github.com/bitcraps/bitcraps/proto/gen/bitcraps/backup/v1"
	_ "github.com/bitcraps/bitcraps/proto/gen/bitcraps/meshbridge/v1"
	_ "github.com/bitcraps/bitcraps/proto/gen/bitcraps/secrets/v1"
)

const head = `# Who may call what

This page is generated from the access annotations of the contracts, which the gateway and every service enforce.

- *anyone*: no sign-in is needed. *player*, *operator*, *auditor*: the caller must be signed in with this role; guests are players.
  Operators and auditors can't play.
- *key*: the scope that an API key needs. If the column is empty, the call requires a signed-in person and accepts no API key.
- *services*: the other services that may call the method, identified by their certificates, on behalf of a caller that the line allows, if
  it names any. *cli* is the operator's command line, which acts on its own behalf.

In addition, *bitcraps up* serves */ops/data*, the data of its operations page, to operators, auditors and requests from the same
machine ([ADR 0028](adr/0028-operations-page.md)).

| method | REST | anyone | player | operator | auditor | key | services |
|---|---|---|---|---|---|---|---|
`

func main() {
	fmt.Print(head)
	var methods []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			all := file.Services().Get(i).Methods()
			for j := range all.Len() {
				if strings.HasPrefix(string(file.Package()), "bitcraps.") {
					methods = append(methods, all.Get(j))
				}
			}
		}
		return true
	})
	slices.SortFunc(methods, func(a, b protoreflect.MethodDescriptor) int { return cmp.Compare(a.FullName(), b.FullName()) })
	routes := make(map[string]gateway.Route)
	for _, route := range gateway.Routes() {
		routes[route.RPC] = route
	}
	for _, method := range methods {
		fmt.Println(tableRow(method, routes))
	}
}

func tableRow(method protoreflect.MethodDescriptor, routes map[string]gateway.Route) string {
	rule := access.Of(method)
	route, rest := routes[rule.Method], "" // Without a route, the method can be called by services only.
	if route.Path != "" {
		rest = fmt.Sprintf("`%s %s`", route.Method, route.Path)
	}
	role := func(r optionsv1.Role) string {
		return yesOrEmpty(slices.Contains(rule.Roles, r) || route.Path != "" && !rule.RequiresPlayer)
	}
	key := ""
	if rule.Scope != optionsv1.Scope_SCOPE_UNSPECIFIED {
		key = access.ScopeName(rule.Scope)
	}
	var others []string
	for _, caller := range rule.Callers {
		switch {
		case caller == identity.Operator:
			others = append(others, "cli")
		case caller != identity.Gateway || route.Path == "":
			others = append(others, caller)
		}
	}
	slices.Sort(others)
	return fmt.Sprintf("| %s.%s | %s | %s | %s | %s | %s | %s | %s |", method.Parent().Name(), method.Name(), rest, yesOrEmpty(route.Path != "" && !rule.RequiresPlayer),
		role(optionsv1.Role_ROLE_PLAYER), role(optionsv1.Role_ROLE_OPERATOR), role(optionsv1.Role_ROLE_AUDITOR), key, strings.Join(others, ", "))
}

func yesOrEmpty(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}
