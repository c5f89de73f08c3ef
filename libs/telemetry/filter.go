package telemetry

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
)

// filter determines the minimum level at which a module's lines are logged. Its syntax is that of Rust's tracing, which the plan
// prescribes: comma-separated directives, "module=level" for a module and all within it, "level" for all others. The longest matching
// module takes precedence.
type filter struct {
	modules  map[string]slog.Level
	others   slog.Level
	minLevel slog.Level // The lowest level of any module.
}

// off is above every level.
const off = slog.Level(math.MaxInt)

var levels = map[string]slog.Level{"trace": slog.LevelDebug, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "off": off}

func parseFilter(text string) (filter, error) {
	f := filter{modules: make(map[string]slog.Level), others: off, minLevel: off}
	for directive := range strings.SplitSeq(text, ",") {
		module, name, named := strings.Cut(strings.TrimSpace(directive), "=")
		if !named {
			module, name = "", module
		}
		level, known := levels[strings.ToLower(name)]
		if !known || named && module == "" {
			return filter{}, fmt.Errorf("%q: want MODULE=LEVEL or LEVEL, of trace, debug, info, warn, error and off", directive)
		}
		if f.minLevel = min(f.minLevel, level); named {
			f.modules[module] = level
		} else {
			f.others = level
		}
	}
	return f, nil
}

// filter parses the configured filter or, without one, makes a filter of the level of our own modules.
func (c Config) filter() (filter, error) {
	text, key := c.LogFilter, "telemetry.log_filter"
	if text == "" {
		others := "warn"
		if c.LogLevel == "error" {
			others = c.LogLevel
		}
		text, key = "bitcraps="+c.LogLevel+","+others, "telemetry.log_level"
	}
	f, err := parseFilter(text)
	if err != nil {
		return filter{}, fmt.Errorf("%s: %w", key, err)
	}
	return f, nil
}

// level returns the minimum level at which a module's lines are logged.
func (f filter) level(module string) slog.Level {
	for name := module; name != ""; name = parent(name) {
		if level, ok := f.modules[name]; ok {
			return level
		}
	}
	return f.others
}

// parent returns the module that contains another one.
func parent(module string) string {
	if i := strings.LastIndexByte(module, '/'); i > 0 {
		return module[:i]
	}
	return ""
}
