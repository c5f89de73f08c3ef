package bitcraps

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/bitcraps/bitcraps/libs/identity"
	"github.com/bitcraps/bitcraps/libs/localca"
	"github.com/bitcraps/bitcraps/libs/mtls"
	"github.com/bitcraps/bitcraps/libs/rpcclient"
	"github.com/bitcraps/bitcraps/libs/telemetry"
	consensusv1 "github.com/bitcraps/bitcraps/proto/gen/bitcraps/consensus/v1"
	"github.com/bitcraps/bitcraps/services/bitcraps/internal/fleet"
	"github.com/bitcraps/bitcraps/services/game"
)

// chainFlags name the validators to connect to: by default those of the fleet on this machine.
type chainFlags struct {
	dir       string
	addresses []string
	tlsDir    string
}

func (f *chainFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet whose validators to connect to")
	cmd.Flags().StringArrayVar(&f.addresses, "address", nil, "host:port of a validator's gRPC server, instead of the fleet's; repeatable")
	cmd.Flags().StringVar(&f.tlsDir, "tls-dir", "", "folder whose operator/ contains tls.crt, tls.key and ca.crt; by default the fleet's or, with --address, no TLS")
}

// validatorConn is a connection to a validator.
type validatorConn struct {
	address string
	conn    *grpc.ClientConn
}

func (v validatorConn) client() consensusv1.ConsensusServiceClient {
	return consensusv1.NewConsensusServiceClient(v.conn)
}

// validatorTimeout bounds a call to a validator.
const validatorTimeout = 5 * time.Second

// withValidators connects to each validator as the operator.
func (f *chainFlags) withValidators(do func([]validatorConn) error) (err error) {
	addresses, tls, err := f.endpoints()
	if err != nil {
		return err
	}
	scope := telemetry.Discard().For(identity.Operator, 0)
	all := make([]validatorConn, len(addresses))
	for i, address := range addresses {
		cfg := rpcclient.Config{Addresses: []string{address}, Timeout: validatorTimeout}
		conn, err := rpcclient.New(identity.Operator, game.ConsensusTarget, cfg, tls, nil, scope)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		all[i] = validatorConn{address, conn}
	}
	return do(all)
}

// endpoints returns the addresses to connect to, and the TLS files to use.
func (f *chainFlags) endpoints() (addresses []string, tls mtls.Config, err error) {
	addresses, dir := f.addresses, f.tlsDir
	if len(addresses) == 0 {
		addresses, err = fleet.Addresses(f.dir, identity.Consensus)
		if errors.Is(err, os.ErrNotExist) {
			return nil, mtls.Config{}, fmt.Errorf("there is no fleet in %s; give its folder with --dir, or validators with --address", f.dir)
		}
		if dir == "" {
			dir = filepath.Join(f.dir, "tls")
		}
	}
	if dir != "" {
		tls = localca.Files(dir, identity.Operator)
	}
	return addresses, tls, err
}
