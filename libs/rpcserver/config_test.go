package rpcserver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/rpcserver"
)

func TestConfigNamesTimesThatEndCallsAtOnce(t *testing.T) {
	unlimited := rpcserver.Default()
	unlimited.MaxConnectionAge, unlimited.ConnectionGrace = 0, 0
	if err := errors.Join(rpcserver.Default().Validate(), unlimited.Validate()); err != nil {
		t.Error(err)
	}
	for key, spoil := range map[string]func(*rpcserver.Config){
		"rpc.timeout":            func(c *rpcserver.Config) { c.Timeout = 0 },
		"rpc.max_connection_age": func(c *rpcserver.Config) { c.MaxConnectionAge = -1 },
		"rpc.connection_grace":   func(c *rpcserver.Config) { c.ConnectionGrace = -1 },
	} {
		cfg := rpcserver.Default()
		spoil(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+": want") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
