package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/bitcraps/bitcraps/libs/identity"
)

const postgresName = "postgres"

// stores returns the processes of the private stores, ready to start.
func (f *Fleet) stores(ctx context.Context) (out []process, err error) {
	if f.plan.Postgres != "" {
		p, err := f.postgres(ctx)
		if err != nil {
			return nil, fmt.Errorf("postgresql: %w", err)
		}
		out = append(out, p)
	}
	if f.plan.Redis != "" {
		p, err := f.redis(ctx)
		if err != nil {
			return nil, fmt.Errorf("redis: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

// postgres returns the process of the private PostgreSQL. It creates the database cluster where there is none.
func (f *Fleet) postgres(ctx context.Context) (process, error) {
	server, err := f.findOrInstall(ctx, "postgres", "postgresql")
	if err != nil {
		return process{}, err
	}
	dir := filepath.Join(f.dir, "postgres")
	owner, err := postgresOwner(dir)
	if err != nil {
		return process{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		f.report("creating a PostgreSQL cluster in " + dir)
		if err := f.initCluster(ctx, filepath.Dir(server), dir, owner); err != nil {
			return process{}, err
		}
	}
	_, port, err := net.SplitHostPort(f.plan.Postgres)
	if err != nil {
		return process{}, err
	}
	return process{
		name: postgresName, stage: storeStage, program: server, dir: dir, user: owner, address: f.plan.Postgres,
		args:       []string{"-D", dir, "-c", "listen_addresses=127.0.0.1", "-c", "port=" + port, "-c", "unix_socket_directories="},
		stopSignal: syscall.SIGINT, // Fast shutdown, which does not wait for clients, unlike SIGTERM.
		ready: func(ctx context.Context) error {
			return exec.CommandContext(ctx, filepath.Join(filepath.Dir(server), "pg_isready"), "-q", "-h", "127.0.0.1", "-p", port).Run()
		},
	}, nil
}

// checkListening checks only whether a server listens.
func checkListening(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// initCluster creates the cluster in a temporary folder and renames it at the end, so that a crash leaves a complete one or none.
func (f *Fleet) initCluster(ctx context.Context, programs, dir string, owner *syscall.Credential) error {
	temporary := dir + ".new"
	if err := errors.Join(os.RemoveAll(temporary), os.Mkdir(temporary, 0o700)); err != nil {
		return err
	}
	password := filepath.Join(f.dir, "postgres.password")
	defer func() { _ = os.Remove(password) }()
	if err := os.WriteFile(password, []byte(f.plan.Password), 0o600); err != nil {
		return err
	}
	if owner != nil {
		for _, path := range []string{temporary, password} {
			if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
				return err
			}
		}
	}
	run := func(input, name string, args ...string) error {
		cmd := exec.CommandContext(ctx, filepath.Join(programs, name), args...)
		cmd.Dir, cmd.Stdin, cmd.SysProcAttr = temporary, strings.NewReader(input), &syscall.SysProcAttr{Credential: owner}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, bytes.TrimSpace(out))
		}
		return nil
	}
	err := run("", "initdb", "-D", temporary, "--username="+databaseUser, "--pwfile="+password, "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale")
	if err == nil {
		// In single-user mode, before anybody can connect to the server.
		err = run(fmt.Sprintf("CREATE DATABASE %[1]s_%[2]s\nCREATE DATABASE %[1]s_%[3]s\n", databaseUser, identity.API, identity.Game),
			"postgres", "--single", "-D", temporary, "postgres")
	}
	if err != nil {
		return err
	}
	return os.Rename(temporary, dir)
}

// postgresOwner returns the user that PostgreSQL runs as. It refuses to run as root; then the user is postgres, which must be able to
// reach the folder.
func postgresOwner(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // No credential means the current user.
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("it can't run as root, and there is no user postgres: %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	for parent := filepath.Dir(dir); parent != "/"; parent = filepath.Dir(parent) {
		if info, err := os.Stat(parent); err != nil || info.Mode().Perm()&0o001 == 0 {
			return nil, fmt.Errorf("user postgres can't enter %s; choose another --dir, or give --database-url", parent)
		}
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
