package compose_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/bitcraps/bitcraps/services/bitcraps"
)

// TestInitCreatesWhatIsMounted runs init's command, and checks that the paths that the other services mount exist.
func TestInitCreatesWhatIsMounted(t *testing.T) {
	p, dir := project(t), t.TempDir()
	initializer := p.Services["init"]
	args := slices.Clone(initializer.Command)
	args[slices.Index(args, initializer.Volumes[0].Target)] = dir
	for range 2 { // The second run must keep everything.
		command := bitcraps.Command()
		command.SetArgs(args)
		if err := command.Execute(); err != nil {
			t.Fatal(err)
		}
	}
	for name, container := range builtServices(p) {
		for _, volume := range container.Volumes {
			if name == "init" || volume.Source != "fleet" {
				continue
			}
			path := filepath.Join(dir, volume.Volume.Subpath)
			if volume.Volume.Subpath == "" {
				t.Errorf("%s can read all services' secrets", name)
			}
			for variable, value := range container.Environment {
				if file, ok := strings.CutPrefix(*value, volume.Target+"/"); ok {
					if _, err := os.Stat(filepath.Join(path, file)); err != nil {
						t.Errorf("%s: %s: %v", name, variable, err)
					}
				}
			}
			if strings.HasPrefix(volume.Volume.Subpath, "tls/") && volume.Volume.Subpath != "tls/"+program(container) {
				t.Errorf("%s has the certificate of %s", name, volume.Volume.Subpath)
			}
			if strings.HasSuffix(volume.Volume.Subpath, ".identity") {
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if strings.HasPrefix(volume.Volume.Subpath, "chain/") {
				checkHome(t, p, name, path)
			}
		}
	}
}

// checkHome checks that the peers in a validator's home are reachable.
func checkHome(t *testing.T, p *types.Project, name, home string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, "peers.json"))
	var peers []string
	if err == nil {
		err = json.Unmarshal(text, &peers)
	}
	if err != nil {
		t.Fatal(err)
	}
	if index := strings.TrimPrefix(name, "consensus-"); fmt.Sprint(len(peers)) != index {
		t.Errorf("%s dials %v; want the validators before it", name, peers)
	}
	for _, peer := range peers {
		_, address, _ := strings.Cut(peer, "@")
		checkReachable(t, p, name, address, "BITCRAPS_CONSENSUS_CHAIN_LISTEN")
	}
}
