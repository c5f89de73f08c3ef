package rpcserver_test

import (
	"strings"
	"testing"

	"github.com/bitcraps/bitcraps/libs/rpcserver"
)

func TestConfigNamesTimesThatEndCallsAtOnce(t *testing.T) {
	if err := rpcserver.Default().Validate(); err != nil {
		t.Error(err)
	}
	for key, spoil := range map[string]func(*rpcserver.Config){
		"rpc.timeout":            func(c *rpcserver.Config) { c.Timeout = 0 },
		"rpc.max_connection_age": func(c *rpcserver.Config) { c.MaxConnectionAge = -1 },
		"rpc.connection_grace":   func(c *rpcserver.Config) { c.ConnectionGrace = 0 },
	} {
		cfg := rpcserver.Default()
		spoil(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), key+": want") {
			t.Errorf("%s: %v", key, err)
		}
	}
}
