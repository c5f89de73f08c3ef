// Package platform runs the whole platform in a process of its own, for those who put load on it.
package platform

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// Platform is a running `bitcraps up`.
type Platform struct {
	// URL is where its REST API is.
	URL string
	// Ready is how long it took to serve.
	Ready time.Duration

	cmd *exec.Cmd
}

// Start runs the binary on a data directory and waits until it serves. Further arguments are handed on.
func Start(binary, dataDir string, args ...string) (*Platform, error) {
	p := &Platform{cmd: exec.Command(binary, append([]string{"up", "--http-addr", "127.0.0.1:0", "--data-dir", dataDir}, args...)...)}
	p.cmd.SysProcAttr = outOfReach
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	p.cmd.Stderr = &stderr
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w\n%s", binary, err, stderr.String()), p.cmd.Process.Kill())
	}
	p.URL, p.Ready = url, time.Since(begin)
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // Nothing more is printed; a full pipe must not stop it.
	return p, nil
}

// outOfReach keeps programs from a Ctrl-C that is meant for whoever measures, who stops them: the second signal would kill them.
var outOfReach = &syscall.SysProcAttr{Setpgid: true}

// Stop ends it by SIGTERM and fails unless it exits with 0.
func (p *Platform) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// ResidentBytes is how much memory it holds. It works on Linux.
func (p *Platform) ResidentBytes() (int64, error) { return residentBytes(p.cmd.Process.Pid) }

// ProcessorSeconds is how much time of processors it has spent. It works on Linux.
func (p *Platform) ProcessorSeconds() (float64, error) {
	process, err := procfs.NewProc(p.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	stat, err := process.Stat()
	return stat.CPUTime(), err
}

func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}
