package bitcraps

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	optionsv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/options/v1"
	"github.com/bitcraps/bitcraps/services/api"
)

func roleCommand() *cobra.Command {
	var where archiveFlags
	cmd := &cobra.Command{
		Use: "role PLAYER_ID player|operator|auditor", Short: "Give a player another role", Args: cobra.ExactArgs(2),
		Long: "Give a player another role, and end the player's sessions. Operators run the platform, auditors read its books, and\n" +
			"neither plays. Guests can get no role, since they could not sign in again: link an address or a device first. This is how\n" +
			"the first operator comes to be; docs/access.md says what each role may do. It may run beside the service.",
		Example: "  bitcraps role 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 operator\n  bitcraps role 01a20bdc-06b6-766e-b0a8-2f2ce4f9f5a4 auditor --data-dir /srv/craps",
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return fmt.Errorf("%q: want the id of a player, a UUID; GET /api/v1/players/me has one's own", args[0])
			}
			role := optionsv1.Role(optionsv1.Role_value["ROLE_"+strings.ToUpper(args[1])])
			if role == optionsv1.Role_ROLE_UNSPECIFIED {
				return fmt.Errorf("%q: want player, operator or auditor", args[1])
			}
			cfg, err := where.load()
			if err != nil {
				return err
			}
			if err := api.SetRole(cmd.Context(), cfg.API.Database, id, role); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is %s; sessions from before have ended\n", id, args[1])
			return err
		},
	}
	where.bind(cmd)
	return cmd
}
