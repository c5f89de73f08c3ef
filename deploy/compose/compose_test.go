// Package compose_test checks compose.yaml against what it refers to: images, commands, configuration keys and addresses.
package compose_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// load loads the file strictly, as `docker compose` does, with variables given as NAME=value.
func load(t *testing.T, variables ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"compose.yaml"}, cli.WithEnv(variables), cli.WithWorkingDirectory("."))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(t, "POSTGRES_PASSWORD=pg-secret", "REDIS_PASSWORD=redis-secret", "VERSION=v1")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// builtServices returns the services whose images are built here, by their names.
func builtServices(p *types.Project) map[string]types.ServiceConfig {
	out := map[string]types.ServiceConfig{}
	for name, service := range p.Services {
		if service.Build != nil {
			out[name] = service
		}
	}
	return out
}

func program(service types.ServiceConfig) string { return *service.Build.Args["SERVICE"] }

func replicas(service types.ServiceConfig) int {
	if service.Deploy == nil || service.Deploy.Replicas == nil {
		return 1
	}
	return *service.Deploy.Replicas
}

func TestFleetIsComplete(t *testing.T) {
	p, got := project(t), map[string]int{}
	for name, service := range p.Services {
		got[strings.TrimRight(name, "-0123456789")] += replicas(service)
	}
	want := map[string]int{"init": 1, "migrate": 1, "consensus": 4, "game": 2, "api": 1, "gateway": 2, "postgres": 1, "redis": 1}
	if !maps.Equal(got, want) {
		t.Errorf("replicas %v, want %v", got, want)
	}
}

func TestContainersAreConfined(t *testing.T) {
	p := project(t)
	for name, service := range p.Services {
		if user, _, _ := strings.Cut(service.User, ":"); user == "" || user == "0" || strings.Trim(service.User, "0123456789:") != "" {
			t.Errorf("%s runs as %q", name, service.User)
		}
		if !service.ReadOnly || service.Privileged || !slices.Equal(service.CapDrop, []string{"ALL"}) || len(service.CapAdd) > 0 ||
			!slices.Contains(service.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not confined", name)
		}
		if limits := service.Deploy.Resources.Limits; limits == nil || limits.MemoryBytes == 0 || limits.NanoCPUs == 0 || limits.Pids == 0 {
			t.Errorf("%s has no limits", name)
		}
		once := slices.Contains([]string{"init", "migrate"}, name)
		if (service.HealthCheck == nil) != once {
			t.Errorf("%s has the health check %v", name, service.HealthCheck)
		}
		for _, port := range service.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s is reachable from other machines at %s", name, port.Published)
			}
		}
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeVolume {
				t.Errorf("%s mounts %s of the host", name, volume.Source)
			}
			if strings.HasPrefix(volume.Target, "/etc/") && !volume.ReadOnly {
				t.Errorf("%s can write to %s", name, volume.Target)
			}
		}
		if tag := service.Image[strings.LastIndex(service.Image, ":")+1:]; tag == "latest" || strings.Contains(tag, "/") {
			t.Errorf("%s runs the image %s, whose tag may move", name, service.Image)
		}
	}
}

func TestImagesMatchDockerfile(t *testing.T) {
	dockerfile, err := os.ReadFile("../docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	built, err := os.ReadFile("../docker/build.sh")
	if err != nil {
		t.Fatal(err)
	}
	services := builtServices(project(t))
	if len(services) != 9 {
		t.Errorf("%d services with built images", len(services))
	}
	for name, service := range services {
		if file, err := filepath.Abs("../docker/Dockerfile"); err != nil || filepath.Join(service.Build.Context, service.Build.Dockerfile) != file {
			t.Errorf("%s is built from %s", name, service.Build.Dockerfile)
		}
		if !strings.Contains(string(dockerfile), " AS "+service.Build.Target+"\n") {
			t.Errorf("%s: the Dockerfile has no target %s", name, service.Build.Target)
		}
		for arg := range service.Build.Args {
			if !strings.Contains(string(dockerfile), "\nARG "+arg) {
				t.Errorf("%s: the Dockerfile has no argument %s", name, arg)
			}
		}
		if service.Image != "localhost/bitcraps/"+program(service)+":v1" {
			t.Errorf("%s is built from %s and called %s", name, program(service), service.Image)
		}
		if !strings.Contains(string(built), "set -- gateway api game consensus bitcraps") || !strings.Contains(string(built), `"`+*service.Build.Args["PORTS"]+`"`) {
			t.Errorf("%s: build.sh gives other ports than %s", name, *service.Build.Args["PORTS"])
		}
	}
}

func TestNoSecretsInRepository(t *testing.T) {
	for _, missing := range []string{"POSTGRES_PASSWORD", "REDIS_PASSWORD"} {
		given := []string{"POSTGRES_PASSWORD=x", "REDIS_PASSWORD=x"}
		given = slices.DeleteFunc(given, func(pair string) bool { return strings.HasPrefix(pair, missing) })
		if _, err := load(t, given...); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
	example, err := os.ReadFile("env.example")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(example)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && strings.HasSuffix(name, "PASSWORD") && value != "" {
			t.Errorf("the example chooses %s for everybody", name)
		}
	}
	if out, err := exec.Command("git", "check-ignore", "-q", ".env").CombinedOutput(); err != nil {
		t.Errorf("git does not ignore .env: %v %s", err, out)
	}
}
