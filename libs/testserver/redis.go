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
)

const (
	// databases is how many tests of one process can have a database of their own.
	databases = 4096
	// portAttempts is how often a port may be taken between finding and using it.
	portAttempts = 5
)

// RedisServer is a private Redis server on loopback that keeps nothing on the disk.
type RedisServer struct {
	addr    string
	program string
	dir     string
	used    atomic.Int64 // Databases that were given out.

	mu      sync.Mutex
	process *Process
	pid     int
}

var sharedRedis = sync.OnceValues(func() (*RedisServer, error) {
	server, err := newRedis()
	if err != nil {
		return nil, err
	}
	return server, atEnd(server.stop)
})

// Redis returns the URL of an empty database of its own on a server that all tests of the process share. TestMain stops
// the server by running its tests through Suite.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := sharedRedis()
	if err != nil {
		t.Fatalf("redis-server: %v", err)
	}
	return server.URL()
}

// NewRedis starts a server for one test, which may kill it. It is gone when the test ends.
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
	for range portAttempts {
		server := &RedisServer{program: program}
		if server.dir, err = NewDir(); err != nil {
			return nil, err
		}
		if server.addr, err = freeAddress(); err != nil {
			return nil, err
		}
		if err = server.run(); err == nil {
			return server, nil
		}
	}
	return nil, err
}

// URL is that of a database which no other call returned.
func (s *RedisServer) URL() string {
	return fmt.Sprintf("redis://%s/%d", s.addr, s.used.Add(1)%databases)
}

// Kill ends the server by SIGKILL, with everything that it held.
func (s *RedisServer) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Interrupt("KILL") // It may be gone already.
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
	logging.Disable() // Until the server listens, the client would tell standard error of each attempt.
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
	_ = syscall.Kill(s.pid, syscall.SIGCONT) // A frozen one hears no other signal.
	return s.process.Stop()
}

// Freeze has the server keep its connections and answer nobody. Kill ends that.
func (s *RedisServer) Freeze(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := syscall.Kill(s.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}
