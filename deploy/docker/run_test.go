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

	"github.com/bitcraps/bitcraps/libs/loopback"
	"github.com/bitcraps/bitcraps/libs/testserver"
)

// command runs the image's program as its user, in a world that holds the image and nothing else.
func (img image) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, img.Config.Entrypoint[0], args...)
	cmd.Dir, cmd.Env = img.Config.WorkingDir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: img.rootfs, Credential: &syscall.Credential{Uid: user, Gid: user}}
	return cmd
}

// running starts the program and has the test end it, which it must do in good order.
func (img image) running(t *testing.T, env []string, args ...string) (stdout io.Reader, stderr *bytes.Buffer) {
	t.Helper()
	cmd := img.command(context.Background(), env, args...)
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

// runGateway asks a gateway from the image how it is, with the probe from the image.
func runGateway(t *testing.T, img image) {
	addresses, err := loopback.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addresses[1])
	env := []string{"BITCRAPS_ADMIN_LISTEN=" + addresses[0], "BITCRAPS_GATEWAY_NETWORK_LISTEN_PORT=" + port}
	img.running(t, env)
	probe := func(args ...string) (string, error) {
		out, err := img.command(t.Context(), env, append([]string{"probe"}, args...)...).CombinedOutput()
		return string(out), err
	}
	testserver.Eventually(t, "an answer to the probe", func() bool {
		_, err := probe("--live")
		return err == nil
	})
	// There is no service behind it, which is what the probe must find out.
	if out, err := probe(); err == nil || !strings.Contains(out, `"game":"failing"`) {
		t.Errorf("a gateway without services: %v\n%s", err, out)
	}
}

// runPlatform plays a round on the platform from the image.
func runPlatform(t *testing.T, img image) {
	out, logged := img.running(t, nil, "up", "--http-addr", "127.0.0.1:0", "--data-dir", "/var/lib/bitcraps/data", "--set", "telemetry.log_level=error")
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		t.Fatalf("it said %q, %v\n%s", line, err, logged.String())
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
