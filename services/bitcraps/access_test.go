package bitcraps_test

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcserver"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	backupv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/backup/v1"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	gamev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/game/v1"
	meshbridgev1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/meshbridge/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	secretsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/secrets/v1"
)

// everyService is a server that registers every contract without an implementation.
func everyService(t *testing.T) *rpcserver.Server {
	t.Helper()
	server, err := rpcserver.New(rpcserver.Default(), mtls.Config{}, telemetry.Discard().For("test", 0))
	if err != nil {
		t.Fatal(err)
	}
	apiv1.RegisterPlayerServiceServer(server, apiv1.UnimplementedPlayerServiceServer{})
	apiv1.RegisterSessionServiceServer(server, apiv1.UnimplementedSessionServiceServer{})
	apiv1.RegisterDeviceServiceServer(server, apiv1.UnimplementedDeviceServiceServer{})
	apiv1.RegisterAccountServiceServer(server, apiv1.UnimplementedAccountServiceServer{})
	apiv1.RegisterApiKeyServiceServer(server, apiv1.UnimplementedApiKeyServiceServer{})
	apiv1.RegisterKeyServiceServer(server, apiv1.UnimplementedKeyServiceServer{})
	gamev1.RegisterGameServiceServer(server, gamev1.UnimplementedGameServiceServer{})
	gamev1.RegisterLedgerServiceServer(server, gamev1.UnimplementedLedgerServiceServer{})
	gamev1.RegisterLobbyServiceServer(server, gamev1.UnimplementedLobbyServiceServer{})
	gamev1.RegisterProtectionServiceServer(server, gamev1.UnimplementedProtectionServiceServer{})
	consensusv1.RegisterConsensusServiceServer(server, consensusv1.UnimplementedConsensusServiceServer{})
	backupv1.RegisterBackupServiceServer(server, backupv1.UnimplementedBackupServiceServer{})
	meshbridgev1.RegisterMeshServiceServer(server, meshbridgev1.UnimplementedMeshServiceServer{})
	secretsv1.RegisterSecretServiceServer(server, secretsv1.UnimplementedSecretServiceServer{})
	return server
}

// accessRule is a row of the table in docs/access.md.
type accessRule struct {
	rest, anyone     bool
	roles            map[optionsv1.Role]bool
	services, key    string
	person, gateways bool
}

// accessTable reads the documentation, so that the test does not compare the code with itself.
func accessTable(t *testing.T) map[string]accessRule {
	t.Helper()
	text, err := os.ReadFile("../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]accessRule{}
	for raw := range strings.Lines(string(text)) {
		cells := strings.Split(raw, "|")
		if len(cells) != 10 || !strings.Contains(cells[1], ".") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		l := accessRule{rest: cells[2] != "", anyone: cells[3] == "yes", key: cells[7], services: " " + strings.ReplaceAll(cells[8], ",", "") + " ", roles: map[optionsv1.Role]bool{
			optionsv1.Role_ROLE_PLAYER: cells[4] == "yes", optionsv1.Role_ROLE_OPERATOR: cells[5] == "yes", optionsv1.Role_ROLE_AUDITOR: cells[6] == "yes"}}
		l.person = !l.anyone && (cells[4] == "yes" || cells[5] == "yes" || cells[6] == "yes")
		l.gateways = l.rest || strings.Contains(l.services, " gateway ")
		table[cells[1]] = l
	}
	return table
}

// want is the reason for which the table refuses a caller; REASON_UNSPECIFIED where it allows the call.
func (l accessRule) want(caller identity.Caller) errorsv1.Reason {
	name := caller.Service
	if name == identity.Operator {
		name = "cli"
	}
	allowed := strings.Contains(l.services, " "+name+" ") || name == identity.Gateway && l.gateways
	switch {
	case !allowed || name == "":
		return errorsv1.Reason_REASON_CALLER_NOT_ALLOWED
	case name == "cli" || !l.person:
		return 0
	case caller.Player == uuid.Nil:
		return errorsv1.Reason_REASON_CREDENTIALS_MISSING
	case !l.roles[caller.Role]:
		return errorsv1.Reason_REASON_ROLE_NOT_ALLOWED
	case caller.Scopes != 0 && (l.key == "" || l.key == "read" != caller.Scopes.Has(optionsv1.Scope_SCOPE_READ)):
		return errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED
	}
	return 0
}

// TestAccessTable calls every unary method of every contract as every service, on behalf of nobody, of a player of every role, and of
// API keys.
func TestAccessTable(t *testing.T) {
	server, table := everyService(t), accessTable(t)
	untested := maps.Clone(table)
	player := uuid.Must(uuid.NewV7())
	behalf := []identity.Caller{{}, {Player: player, Role: optionsv1.Role_ROLE_PLAYER}, {Player: player, Role: optionsv1.Role_ROLE_OPERATOR},
		{Player: player, Role: optionsv1.Role_ROLE_AUDITOR}, {Player: player, Role: 99},
		{Player: player, Role: optionsv1.Role_ROLE_PLAYER, Scopes: identity.ScopesOf(optionsv1.Scope_SCOPE_READ)},
		{Player: player, Role: optionsv1.Role_ROLE_PLAYER, Scopes: identity.ScopesOf(optionsv1.Scope_SCOPE_PLAY)}}
	for name := range server.GRPC.GetServiceInfo() {
		if !strings.HasPrefix(name, "bitcraps.") {
			continue
		}
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			t.Fatal(err)
		}
		methods := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			method := methods.Get(i)
			accessRule := string(descriptor.Name()) + "." + string(method.Name())
			rule, known := table[accessRule]
			if !known {
				t.Errorf("%s is not in docs/access.md", method.FullName())
			}
			delete(untested, accessRule)
			if method.IsStreamingServer() {
				continue
			}
			for _, service := range []string{"", "gateway", "api", "game", "consensus", "mesh-bridge", "backup", "secrets", "operator", "stranger"} {
				for _, caller := range behalf {
					caller.Service = service
					ctx := identity.Outgoing(identity.NewContext(t.Context(), caller), service)
					err := server.Call(ctx, "/"+name+"/"+string(method.Name()), message(t, method.Input()), dynamicpb.NewMessage(method.Output()))
					got := errs.Reason(err)
					if got == errorsv1.Reason_REASON_INVALID_FIELD || got == errorsv1.Reason_REASON_UNIMPLEMENTED {
						got = 0 // The call passed the access check.
					}
					if want := rule.want(caller); got != want {
						t.Errorf("%s by %q on behalf of %+v: %v, want %s", method.FullName(), service, caller, err, want)
					}
				}
			}
		}
	}
	for accessRule := range untested {
		t.Errorf("%s is in docs/access.md, and no server here has it", accessRule)
	}
}

// message returns an empty message of the generated type.
func message(t *testing.T, of protoreflect.MessageDescriptor) proto.Message {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(of.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}
