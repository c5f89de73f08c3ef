// Package config loads a service's configuration from layers, each of which overrides those before it: built-in defaults,
// defaults.toml, the environment's file, environment variables, the command line. Unknown keys are errors.
//
// All services share the files. A top-level section, such as [telemetry], applies to every service that has it; a section under a
// service's name, such as [game.telemetry], applies to that service alone and takes precedence.
//
// A service's Config is a struct whose fields carry `koanf` tags for their keys, `jsonschema` tags for their bounds and
// `jsonschema_description` tags for documentation. The bounds are enforced from the same schema that schema.json publishes.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// EnvPrefix is the prefix of every environment variable that is read: BITCRAPS_TELEMETRY_LOG_LEVEL sets telemetry.log_level of every
// service, BITCRAPS_GAME_TELEMETRY_LOG_LEVEL that of game alone.
const EnvPrefix = "BITCRAPS_"

// Services are the sections of a configuration file that belong to one service.
var Services = []string{"gateway", "api", "game", "consensus", "mesh_bridge", "backup", "secrets"}

// shared are the top-level sections that any service may have. A service that lacks one of them ignores it.
var shared = []string{"network", "database", "telemetry", "security", "auth", "rpc", "tls", "admin", "redis"}

// Environments are the values that Source.Environment may have.
var Environments = []string{"local", "development", "staging", "production"}

// Source provides the layers above the built-in defaults.
type Source struct {
	// Dir holds defaults.toml and the environments' files; empty reads no files.
	Dir string
	// Environment chooses the file above defaults.toml. For "local" that is local.toml, which may be missing.
	Environment string
	// Environ holds environment variables as "NAME=value".
	Environ []string
	// Set holds the command line's "key=value" pairs.
	Set []string
	// AllServices is true if Set is for several services, each of which ignores the pairs of the others.
	AllServices bool
}

// Validator is a Config with rules that its schema can't express.
type Validator interface {
	// Validate returns an error for every broken rule, joined; each names its key and the remedy.
	Validate() error
}

// Load fills cfg, a pointer to a service's Config that holds the built-in defaults. Its error joins everything that is wrong. If a
// file can't be read it reports that alone: what the file sets is unknown, so further errors could be misleading.
func Load(service string, cfg Validator, source Source) error {
	k := koanf.New(".")
	known, err := newSchema(cfg)
	if err != nil {
		return err
	}
	files, err := source.readFiles()
	if err != nil {
		return err
	}
	var wrong []error
	for _, f := range files {
		if err := merge(k, f.sections, service, known); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", f.path, err))
		}
	}
	wrong = append(wrong, source.loadEnviron(k, service, known), source.loadSet(k, service, known))
	broken := known.check(k.Raw())
	err = k.UnmarshalWithConf("", cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: cfg, TagName: "koanf", ErrorUnused: true,
		DecodeHook: mapstructure.StringToTimeDurationHookFunc(),
	}})
	if broken != nil {
		err = broken // It names the same keys, without quoting their values.
	}
	return errors.Join(append(wrong, err, cfg.Validate())...)
}

// configFile is a file's path and contents.
type configFile struct {
	path     string
	sections map[string]any
}

func (s Source) readFiles() ([]configFile, error) {
	if s.Environment != "" && !slices.Contains(Environments, s.Environment) {
		return nil, fmt.Errorf("environment %q is none of %s", s.Environment, strings.Join(Environments, ", "))
	}
	if s.Dir == "" {
		return nil, nil
	}
	var files []configFile
	for _, name := range []string{"defaults", s.Environment} {
		path := filepath.Join(s.Dir, name+".toml")
		layer := koanf.New(".")
		err := layer.Load(file.Provider(path), toml.Parser())
		if name == "local" && errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		files = append(files, configFile{path: path, sections: layer.Raw()})
	}
	return files, nil
}

// merge adds to k the sections of a file that apply to the service: first the shared ones, then the service's own.
func merge(k *koanf.Koanf, sections map[string]any, service string, known *schema) error {
	var unknown []error
	own := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		switch {
		case name == service:
			own, _ = sections[name].(map[string]any)
		case slices.Contains(Services, name):
		case known.hasSection(name):
			if err := k.Load(confmap.Provider(map[string]any{name: sections[name]}, ""), nil); err != nil {
				return err
			}
		case !slices.Contains(shared, name):
			unknown = append(unknown, fmt.Errorf("%s: unknown section; a service's own keys go under [%s.%s]", name, service, name))
		}
	}
	return errors.Join(errors.Join(unknown...), k.Load(confmap.Provider(own, ""), nil))
}

// EnvName returns the environment variable of a key, which may begin with a service: game.tables.idle_expiry is set by
// BITCRAPS_GAME_TABLES_IDLE_EXPIRY.
func EnvName(key string) string {
	return EnvPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

func (s Source) loadEnviron(k *koanf.Koanf, service string, known *schema) (wrong error) {
	values := make(map[string]string, len(s.Environ))
	for _, pair := range s.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, EnvPrefix) {
			values[name] = value
		}
	}
	for _, key := range known.keys() {
		for _, candidate := range []string{EnvName(key), EnvName(service + "." + key)} {
			if value, ok := values[candidate]; ok {
				if err := known.set(k, key, value); err != nil {
					wrong = errors.Join(wrong, fmt.Errorf("%s: %w", candidate, err))
				}
			}
		}
	}
	return wrong
}

func (s Source) loadSet(k *koanf.Koanf, service string, known *schema) (wrong error) {
	for i, pair := range s.Set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			wrong = errors.Join(wrong, fmt.Errorf("--set number %d: want key=value", i+1)) // The pair is not quoted: it may be a URL with a password.
			continue
		}
		own := ""
		if first, rest, _ := strings.Cut(key, "."); slices.Contains(Services, first) {
			if first != service {
				if !s.AllServices {
					wrong = errors.Join(wrong, fmt.Errorf("%s: this is %s; it has no keys of %s", key, service, first))
				}
				continue
			}
			key, own = rest, first+"."
		}
		if err := known.set(k, key, value); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s%w", own, err))
		}
	}
	return wrong
}
