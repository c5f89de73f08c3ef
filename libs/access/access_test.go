package access_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/bitcraps/bitcraps/libs/access"
	"github.com/bitcraps/bitcraps/libs/errs"
	"github.com/bitcraps/bitcraps/libs/identity"
	apiv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/api/v1"
	errorsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/errors/v1"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
)

func TestCheck(t *testing.T) {
	methods := apiv1.File_bitcraps_api_v1_player_service_proto.Services().ByName("PlayerService").Methods()
	public, me := access.Of(methods.ByName("CreateGuest")), access.Of(methods.ByName("GetMe"))
	play := access.Rule{Method: "/x/Bet", Callers: []string{identity.Gateway, identity.Operator}, RequiresPlayer: true,
		Roles: []optionsv1.Role{optionsv1.Role_ROLE_PLAYER}, Scope: optionsv1.Scope_SCOPE_PLAY}
	people := play
	people.Scope = optionsv1.Scope_SCOPE_UNSPECIFIED
	who := func(service string, role optionsv1.Role, scopes ...optionsv1.Scope) identity.Caller {
		return identity.Caller{Service: service, Player: uuid.Must(uuid.NewV7()), Role: role, Scopes: identity.ScopesOf(scopes...)}
	}
	const player, auditor, stranger = optionsv1.Role_ROLE_PLAYER, optionsv1.Role_ROLE_AUDITOR, optionsv1.Role(99)
	const read, playing = optionsv1.Scope_SCOPE_READ, optionsv1.Scope_SCOPE_PLAY
	for name, tc := range map[string]struct {
		rule   access.Rule
		caller identity.Caller
		want   errorsv1.Reason
	}{
		"anyone":                       {public, identity.Caller{Service: identity.Gateway}, 0},
		"anyone from elsewhere":        {public, identity.Caller{Service: identity.Game}, errorsv1.Reason_REASON_CALLER_NOT_ALLOWED},
		"nobody":                       {me, identity.Caller{Service: identity.Gateway}, errorsv1.Reason_REASON_CREDENTIALS_MISSING},
		"an auditor where he may":      {me, who(identity.Gateway, auditor), 0},
		"a player":                     {play, who(identity.Gateway, player), 0},
		"an auditor where he may not":  {play, who(identity.Gateway, auditor), errorsv1.Reason_REASON_ROLE_NOT_ALLOWED},
		"a role of a later release":    {play, who(identity.Gateway, stranger), errorsv1.Reason_REASON_ROLE_NOT_ALLOWED},
		"an operator's command line":   {play, identity.Caller{Service: identity.Operator}, 0},
		"a key with the scope":         {play, who(identity.Gateway, player, read, playing), 0},
		"a key without the scope":      {play, who(identity.Gateway, player, read), errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED},
		"a key where none is accepted": {people, who(identity.Gateway, player, read, playing), errorsv1.Reason_REASON_SCOPE_NOT_ALLOWED},
		"a method without a rule":      {access.Rule{Method: "/x/Y"}, who(identity.Gateway, player), errorsv1.Reason_REASON_CALLER_NOT_ALLOWED},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tc.rule.Check(tc.caller); errs.Reason(err) != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}
