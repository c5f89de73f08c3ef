package fleet

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const redisName = "redis"

// redis returns the process of the private Redis. It does not persist anything: the fleet's data there may be lost at any time.
func (f *Fleet) redis(ctx context.Context) (process, error) {
	server, err := f.findOrInstall(ctx, "redis-server", "redis-server")
	if err != nil {
		return process{}, err
	}
	_, port, err := net.SplitHostPort(f.plan.Redis)
	if err != nil {
		return process{}, err
	}
	dir := filepath.Join(f.dir, "redis")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return process{}, err
	}
	// The password is in a file, since every user of the machine can see command lines.
	text := fmt.Sprintf("bind 127.0.0.1\nport %s\nrequirepass %s\nsave \"\"\nappendonly no\ndaemonize no\nmaxmemory 256mb\n", port, f.plan.Password)
	if err := replaceFile(filepath.Join(dir, "redis.conf"), []byte(text)); err != nil {
		return process{}, err
	}
	return process{name: redisName, stage: storeStage, program: server, args: []string{filepath.Join(dir, "redis.conf")}, dir: dir,
		stopSignal: syscall.SIGTERM, address: f.plan.Redis, ready: f.pingRedis()}, nil
}

// pingTimeout bounds a ping.
const pingTimeout = 2 * time.Second

func (f *Fleet) pingRedis() func(context.Context) error {
	address, password := f.plan.Redis, f.plan.Password
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if err := conn.SetDeadline(time.Now().Add(pingTimeout)); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", password); err != nil {
			return err
		}
		answers := bufio.NewReader(conn)
		for _, want := range []string{"+OK", "+PONG"} {
			answer, err := answers.ReadString('\n')
			if err != nil || strings.TrimSpace(answer) != want {
				return fmt.Errorf("it answers %q: %w", answer, err)
			}
		}
		return nil
	}
}
