package testserver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/bitcraps/bitcraps/libs/loopback"
)

// databases is how many tests of one process can have a database of their own.
const databases = 4096

// RedisServer is a private Redis server on loopback, without persistence.
type RedisServer struct {
	addr    string
	program string
	dir     string
	used    atomic.Int64 // The number of databases in use.

	mu      sync.Mutex
	process *Process
	pid     int
}

var sharedRedis = sync.OnceValues(func() (*RedisServer, error) {
	server, err := newRedis()
	if err != nil {
		return nil, err
	}
	return server, stopAtEnd(server.stop)
})

// Redis returns the URL of a new, empty database on a server that all tests of the process share. TestMain must run the tests through Main
// or Suite, which stop the server.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := sharedRedis()
	if err != nil {
		t.Fatalf("redis-server: %v", err)
	}
	return server.URL()
}

// NewRedis starts a server for one test, which may kill it. It is stopped when the test ends.
func NewRedis(t testing.TB) *RedisServer {
	t.Helper()
	server, err := newRedis()
	if err != nil {
		t.Fatalf("redis-server: %v", err)
	}
	t.Cleanup(func() {
		if err := server.stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func newRedis() (*RedisServer, error) {
	program, err := Install(func() (string, error) { return exec.LookPath("redis-server") }, "redis-server")
	if err != nil {
		return nil, err
	}
	dir, err := NewDir()
	if err != nil {
		return nil, err
	}
	addresses, err := loopback.FreeAddresses(1)
	if err != nil {
		return nil, err
	}
	server := &RedisServer{program: program, dir: dir, addr: addresses[0]}
	return server, server.run()
}

// URL returns the URL of a database that no other call has returned.
func (s *RedisServer) URL() string {
	return fmt.Sprintf("redis://%s/%d", s.addr, s.used.Add(1)%databases)
}

// Kill ends the server by SIGKILL. Its data are lost.
func (s *RedisServer) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Interrupt("KILL") // It may have ended already.
		s.process = nil
	}
}

// Restart starts the server again at its address, empty.
func (s *RedisServer) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatalf("redis-server: %v", err)
	}
}

func (s *RedisServer) run() error {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	logging.Disable() // Until the server listens, the client would log each attempt to standard error.
	client := goredis.NewClient(&goredis.Options{Addr: s.addr, MaxRetries: -1, DialerRetries: 1})
	defer func() { _ = client.Close() }()
	running, err := Start(Command{Dir: s.dir, Path: s.program, Signal: "TERM",
		Args: []string{"--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", s.dir, "--databases", fmt.Sprint(databases)},
	}, func(ctx context.Context) error {
		info, err := client.Info(ctx, "server").Result()
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(info, "process_id:")
		_, err = fmt.Sscan(rest, &s.pid)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = running
	return nil
}

func (s *RedisServer) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return os.RemoveAll(s.dir)
	}
	defer func() { s.process = nil }()
	_ = syscall.Kill(s.pid, syscall.SIGCONT) // A frozen server handles no other signal.
	return s.process.Stop()
}

// Freeze suspends the server: it keeps its connections and does not answer. Kill still ends it.
func (s *RedisServer) Freeze(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := syscall.Kill(s.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}
