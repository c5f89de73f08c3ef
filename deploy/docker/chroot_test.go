package docker_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// chrootCommand returns a command that runs the image's program as the image's user, with the image as its root directory.
func (img image) chrootCommand(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, img.Config.Entrypoint[0], args...)
	cmd.Dir, cmd.Env = img.Config.WorkingDir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: img.rootfs, Credential: &syscall.Credential{Uid: user, Gid: user}}
	return cmd
}

// start starts the program. At the end of the test the program is stopped, and must exit with 0.
func (img image) start(t *testing.T, env []string, args ...string) (stdout io.Reader, stderr *bytes.Buffer) {
	t.Helper()
	cmd := img.chrootCommand(context.Background(), env, args...)
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("stopped by SIGTERM: %v\n%s", err, stderr.String())
		}
	})
	return out, stderr
}

// runGateway runs the gateway of an image and probes it with the image's own probe.
func runGateway(t *testing.T, img image) {
	addresses := testserver.FreeAddresses(t, 2)
	_, port, _ := net.SplitHostPort(addresses[1])
	env := []string{"BITCRAPS_ADMIN_LISTEN=" + addresses[0], "BITCRAPS_GATEWAY_NETWORK_LISTEN_PORT=" + port}
	img.start(t, env)
	probe := func(args ...string) (string, error) {
		out, err := img.chrootCommand(t.Context(), env, append([]string{"probe"}, args...)...).CombinedOutput()
		return string(out), err
	}
	testserver.Eventually(t, "a response to the probe", func() bool {
		_, err := probe("--live")
		return err == nil
	})
	// The gateway has no services behind it, which the probe must report.
	if out, err := probe(); err == nil || !strings.Contains(out, `"game":"failing"`) {
		t.Errorf("a gateway without services: %v\n%s", err, out)
	}
}

// runPlatform runs the platform of an image, and makes calls to it.
func runPlatform(t *testing.T, img image) {
	out, logged := img.start(t, nil, "up", "--http-addr", "127.0.0.1:0", "--data-dir", "/var/lib/bitcraps/data", "--set", "telemetry.log_level=error")
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		t.Fatalf("stdout %q, %v\n%s", line, err, logged.String())
	}
	for _, path := range []string{"/health", "/ready", "/api/v1/wagers"} {
		resp, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, %v\n%s", path, resp.Status, err, fmt.Sprintf("%.200s", body))
		}
	}
}
