package bitcraps

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/bitcraps/bitcraps/libs/identity"
	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api"
)

func roleCommand() *cobra.Command {
	var flags auditorFlags
	cmd := &cobra.Command{
		Use: "role PLAYER_ID player|operator|auditor", Short: "Change a player's role", Args: cobra.ExactArgs(2),
		Long: "Change a player's role, and end the player's sessions. Operators run the platform and auditors read its books;\n" +
			"neither plays. A guest can't get a role, since a guest could not sign in again: link an address or a device first.\n" +
			"Use this to create the first operator; docs/access.md describes what each role may do. It may run while the service\n" +
			"runs.",
		Example: "  bitcraps role 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 operator\n  bitcraps role 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 auditor --data-dir /srv/craps\n" +
			"  bitcraps role 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 operator --config-dir data-fleet/config/api-0",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return fmt.Errorf("%q: want the id of a player, which is a UUID; GET /api/v1/players/me has your own", args[0])
			}
			role := optionsv1.Role(optionsv1.Role_value["ROLE_"+strings.ToUpper(args[1])])
			if role == optionsv1.Role_ROLE_UNSPECIFIED {
				return fmt.Errorf("%q: want player, operator or auditor", args[1])
			}
			cfg, err := flags.load(identity.API)
			if err != nil {
				return err
			}
			if err := api.SetRole(cmd.Context(), cfg.API.Database, id, role); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s now has the role %s; all previous sessions have ended\n", id, args[1])
			return err
		},
	}
	flags.bind(cmd)
	return cmd
}
