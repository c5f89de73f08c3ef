// Package docker_test builds the image of every service, inspects its content, and runs its binary. It needs root and Buildah, but no
// daemon.
package docker_test

import (
	"debug/elf"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/testserver"
)

// user is the numeric user id of the images, so that they need no /etc/passwd.
const user = 65532

// services are the services with images, and the ports on which they listen.
var services = map[string][]string{
	"gateway": {"7100/tcp", "8080/tcp"}, "api": {"7000/tcp", "7100/tcp"}, "game": {"7000/tcp", "7100/tcp"},
	"consensus": {"26656/tcp", "7000/tcp", "7100/tcp"}, "bitcraps": {"8080/tcp"},
}

// requireTools installs the missing tools, or fails the test.
func requireTools(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("building and running images needs root; run `sudo make test-deploy`, or `go test -short` without it")
	}
	if _, err := testserver.Install(func() (string, error) { return exec.LookPath("buildah") }, "buildah", "runc"); err != nil {
		t.Fatal(err)
	}
}

// storage is Buildah's image storage for a test.
type storage struct {
	t    *testing.T
	args []string
}

func newStorage(t *testing.T) storage {
	t.Helper()
	dir := t.TempDir()
	return storage{t, []string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}}
}

// build runs build.sh, and returns the names of the images by service.
func (s storage) build() map[string]string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "./build.sh", slices.Sorted(maps.Keys(services))...)
	cmd.Env = append(os.Environ(), "BUILDAH=buildah "+strings.Join(s.args, " "), "VERSION=test", "REVISION=abc", "REGISTRY=localhost")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("build.sh: %v", err)
	}
	images := map[string]string{}
	for image := range strings.FieldsSeq(string(out)) {
		images[strings.TrimSuffix(strings.TrimPrefix(image, "localhost/bitcraps/"), ":test")] = image
	}
	return images
}

// image is an image's configuration, and its files by path.
type image struct {
	Config struct {
		User         string
		ExposedPorts map[string]struct{}
		Entrypoint   []string
		Cmd          []string
		WorkingDir   string
		Labels       map[string]string
	}
	files  map[string]file
	rootfs string
}

// open exports and unpacks an image.
func (s storage) open(name string) image {
	s.t.Helper()
	layout := filepath.Join(s.t.TempDir(), "oci")
	if out, err := exec.CommandContext(s.t.Context(), "buildah", append(slices.Clone(s.args), "push", "-q", name, "oci:"+layout+":test")...).CombinedOutput(); err != nil {
		s.t.Fatalf("push %s: %v\n%s", name, err, out)
	}
	type descriptor struct{ Digest string }
	read := func(path string, into any) {
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	blob := func(d descriptor) string {
		return filepath.Join(layout, "blobs", strings.Replace(d.Digest, ":", "/", 1))
	}
	var index struct{ Manifests []descriptor }
	read(filepath.Join(layout, "index.json"), &index)
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	read(blob(index.Manifests[0]), &manifest)
	img := image{files: map[string]file{}, rootfs: s.t.TempDir()}
	read(blob(manifest.Config), &img)
	for _, layer := range manifest.Layers {
		if err := img.unpack(blob(layer)); err != nil {
			s.t.Fatalf("%s: %v", name, err)
		}
	}
	return img
}

func TestImages(t *testing.T) {
	if testing.Short() {
		t.Skip("builds five images")
	}
	requireTools(t)
	store := newStorage(t)
	names := store.build()
	if len(names) != len(services) {
		t.Fatalf("build.sh built %v", names)
	}
	images := map[string]image{}
	for service, ports := range services {
		images[service] = store.open(names[service])
		t.Run(service, func(t *testing.T) { images[service].check(t, service, ports) })
	}
	t.Run("gateway runs and responds to its probe", func(t *testing.T) { runGateway(t, images["gateway"]) })
	t.Run("bitcraps runs the platform", func(t *testing.T) { runPlatform(t, images["bitcraps"]) })
}

func (img image) check(t *testing.T, service string, ports []string) {
	t.Helper()
	c := img.Config
	if c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/app/service"}) || len(c.Cmd) > 0 || c.WorkingDir != "/var/lib/bitcraps" {
		t.Errorf("user %q, entry point %q, command %q, working directory %s", c.User, c.Entrypoint, c.Cmd, c.WorkingDir)
	}
	if got := slices.Sorted(maps.Keys(c.ExposedPorts)); !slices.Equal(got, ports) {
		t.Errorf("ports %v, want %v", got, ports)
	}
	for label, want := range map[string]string{"title": "bitcraps-" + service, "version": "test", "revision": "abc", "licenses": "Apache-2.0"} {
		if got := c.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("label %s is %q", label, got)
		}
	}
	var regular []string
	for path, f := range img.files {
		if f.regular {
			regular = append(regular, path)
		}
		if f.mode&0o6022 != 0 {
			t.Errorf("%s has mode %o", path, f.mode)
		}
		if own := path == "var/lib/bitcraps"; own != (f.uid == user) {
			t.Errorf("%s belongs to %d", path, f.uid)
		}
	}
	slices.Sort(regular)
	if !slices.Equal(regular, []string{"app/service", "etc/ssl/certs/ca-certificates.crt"}) {
		t.Errorf("regular files %v", regular)
	}
	binary, err := elf.Open(filepath.Join(img.rootfs, "app/service"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	if libraries, err := binary.ImportedLibraries(); err != nil || len(libraries) > 0 || binary.Section(".interp") != nil || binary.Section(".symtab") != nil {
		t.Errorf("the binary is not static and stripped: %v, %v", libraries, err)
	}
}
