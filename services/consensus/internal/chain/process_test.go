package chain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/services/consensus/internal/chain"
)

// TestMain runs the tests, or a validator if a test started this program as one.
func TestMain(m *testing.M) {
	if config := os.Getenv(validatorEnv); config != "" {
		if err := serveValidator(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// validatorEnv is the environment variable with a validator's configuration as JSON.
const validatorEnv = "BITCRAPS_TEST_VALIDATOR"

// stdio is a validator's standard input and output as one connection.
type stdio struct {
	io.Reader
	io.Writer
}

// Close implements io.Closer.
func (stdio) Close() error { return nil }

// serveValidator runs a validator until its standard input ends.
func serveValidator(config string) error {
	var cfg chain.Config
	if err := json.Unmarshal([]byte(config), &cfg); err != nil {
		return err
	}
	v := &Validator{}
	var err error
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if v.node, err = chain.OpenByzantine(cfg, logger, &v.byzantine); err != nil {
		return err
	}
	if err := v.node.Start(); err != nil {
		return err
	}
	server := rpc.NewServer()
	if err := server.Register(v); err != nil {
		return err
	}
	server.ServeConn(stdio{os.Stdin, os.Stdout})
	return v.node.Stop()
}

// Validator is the net/rpc service by which a test controls a validator process.
type Validator struct {
	node      *chain.Node
	byzantine chain.ByzantineNode
}

// Submit submits a commitment.
func (v *Validator) Submit(tx []byte, _ *struct{}) error { return v.node.Submit(tx) }

// SetMisbehavior sets the validator's misbehavior.
func (v *Validator) SetMisbehavior(misbehavior chain.Misbehavior, _ *struct{}) error {
	v.byzantine.SetMisbehavior(misbehavior)
	return nil
}

// Report is what a validator reports to a test.
type Report struct {
	Status      chain.Status
	GroupKey    string // In hex.
	Decisions   []chain.Decision
	Violations  []string
	DoubleVotes int
}

// Report reports the decisions from a height on.
func (v *Validator) Report(from int64, news *Report) (err error) {
	if news.Status, err = v.node.Status(); err != nil {
		return err
	}
	news.GroupKey = v.node.Facts().GroupKey
	news.Violations, news.DoubleVotes = v.byzantine.Violations(), v.byzantine.DoubleVotes()
	return v.node.DecisionsFrom(reportContext, from, func(d chain.Decision) error {
		news.Decisions = append(news.Decisions, d)
		return nil
	})
}

// process is a validator that runs as a separate process.
type process struct {
	cfg    chain.Config
	log    string
	mu     sync.Mutex
	cmd    *exec.Cmd
	client *rpc.Client
	ended  chan struct{}
}

// errDown means that the process is not running or does not answer.
var errDown = errors.New("the validator does not answer")

// start starts the process, unless it is running.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return nil
	}
	config, err := json.Marshal(p.cfg)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), validatorEnv+"="+string(config), "GOMAXPROCS=2"), log
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd, p.client, p.ended = cmd, rpc.NewClient(pipes{out, in}), make(chan struct{})
	go func(ended chan struct{}) {
		_ = cmd.Wait()
		close(ended)
	}(p.ended)
	return nil
}

type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

// Close implements io.Closer.
func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// kill kills the process with SIGKILL.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	_ = p.client.Close()
	p.cmd = nil
}

// runs reports whether the process is running.
func (p *process) runs() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal to the process, to pause or resume it.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s)
	}
}

// call calls the validator, and gives up if it is dead or paused.
func (p *process) call(method string, request, response any) error {
	p.mu.Lock()
	if p.cmd == nil {
		p.mu.Unlock()
		return errDown
	}
	client, ended := p.client, p.ended
	p.mu.Unlock()
	timeout := time.NewTimer(2 * time.Second)
	defer timeout.Stop()
	select {
	case call := <-client.Go("Validator."+method, request, response, make(chan *rpc.Call, 1)).Done:
		return call.Error
	case <-ended:
	case <-timeout.C:
	}
	return errDown
}

// tail is the end of the validator's log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

func (p *process) wal() string { return filepath.Join(p.cfg.Home, "data", "cs.wal", "wal") }
