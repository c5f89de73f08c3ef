package rpcclient_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bitcraps/bitcraps/libs/rpcclient"
)

func TestInvalidConfigIsRefused(t *testing.T) {
	at := []string{"127.0.0.1:7002"}
	for want, cfg := range map[string]rpcclient.Config{
		"":                                       {Addresses: at, Timeout: time.Second},
		"upstream.game.addresses: name":          {Timeout: time.Second},
		"upstream.game.timeout: want more":       {Addresses: at},
		"upstream.game.addresses: a target":      {Addresses: []string{"dns:///a:7002", "dns:///b:7002"}, Timeout: time.Second},
		"upstream.game.timeout: want more t":     {Addresses: at, Timeout: -time.Second},
		"game:7000\nupstream.game.timeout: want": {},
	} {
		err := cfg.Validate("upstream.game")
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", cfg, err, want)
		}
	}
}
