// Package platform runs the platform in separate processes, as the target of load tests.
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
	// URL is the URL of its REST API.
	URL string
	// Ready is the time from its start until it served.
	Ready time.Duration

	cmd *exec.Cmd
}

// Start runs the binary on a data directory and waits until it serves. Further arguments are passed to `up`.
func Start(binary, dataDir string, args ...string) (*Platform, error) {
	p := &Platform{cmd: exec.Command(binary, append([]string{"up", "--http-addr", "127.0.0.1:0", "--data-dir", dataDir}, args...)...)}
	p.cmd.SysProcAttr = ownProcessGroup
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
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // Drains stdout, so that a full pipe can't block the process.
	return p, nil
}

// ownProcessGroup keeps a terminal's Ctrl-C from child processes. The measuring process stops them itself, and a second signal would kill
// them.
var ownProcessGroup = &syscall.SysProcAttr{Setpgid: true}

// Stop stops it with SIGTERM, and fails unless it exits with 0.
func (p *Platform) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// ResidentBytes returns its resident memory. It requires Linux.
func (p *Platform) ResidentBytes() (int64, error) { return residentBytes(p.cmd.Process.Pid) }

// ProcessorSeconds returns the CPU time that it has used. It requires Linux.
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
