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

// chainFlags say where validators are: by default those of the fleet on this machine.
type chainFlags struct {
	dir       string
	addresses []string
	tlsDir    string
}

func (f *chainFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "dir", fleetDir, "folder of the fleet whose validators are asked")
	cmd.Flags().StringArrayVar(&f.addresses, "address", nil, "host:port of a validator's gRPC server, in place of the fleet's; repeatable")
	cmd.Flags().StringVar(&f.tlsDir, "tls-dir", "", "folder in which operator/ holds tls.crt, tls.key and ca.crt; where it is not given, the fleet's or, with --address, no TLS")
}

// validatorConn is a validator that can be asked.
type validatorConn struct {
	address string
	conn    *grpc.ClientConn
}

func (v validatorConn) client() consensusv1.ConsensusServiceClient {
	return consensusv1.NewConsensusServiceClient(v.conn)
}

// askTimeout is how long a validator may take to answer.
const askTimeout = 5 * time.Second

// with connects to each validator, in the operator's name.
func (f *chainFlags) with(do func([]validatorConn) error) (err error) {
	addresses, tls, err := f.where()
	if err != nil {
		return err
	}
	scope := telemetry.Discard().For(identity.Operator, 0)
	all := make([]validatorConn, len(addresses))
	for i, address := range addresses {
		cfg := rpcclient.Config{Addresses: []string{address}, Timeout: askTimeout}
		conn, err := rpcclient.New(identity.Operator, game.ConsensusTarget, cfg, tls, nil, scope)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		all[i] = validatorConn{address, conn}
	}
	return do(all)
}

// where says what to connect to, and with which certificate.
func (f *chainFlags) where() (addresses []string, tls mtls.Config, err error) {
	addresses, dir := f.addresses, f.tlsDir
	if len(addresses) == 0 {
		addresses, err = fleet.Addresses(f.dir, identity.Consensus)
		if errors.Is(err, os.ErrNotExist) {
			return nil, mtls.Config{}, fmt.Errorf("%s holds no fleet; name its folder with --dir, or validators with --address", f.dir)
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
