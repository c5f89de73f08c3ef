package chain

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	cmtlog "github.com/cometbft/cometbft/libs/log"

	"github.com/bitcraps/bitcraps/libs/telemetry"
)

// cometLogger writes CometBFT's log lines to our logger. CometBFT logs each step of each round at level info, which becomes debug, and a
// peer that disconnects at level error, which becomes a warning. While the node stops, everything is debug.
type cometLogger struct {
	logger   *slog.Logger
	stopping *atomic.Bool
	// onError is called with lines of level error; it may be nil.
	onError func(msg string, keyvals []any)
	// context are the attributes of each line. They are formatted only when a line is written: the gossip goroutines make a logger at
	// each poll.
	context []any
}

// cometModule returns the logger for CometBFT's own lines.
func cometModule(logger *slog.Logger) *slog.Logger {
	return telemetry.Module(logger, "github.com/cometbft/cometbft")
}

func (l cometLogger) Debug(string, ...any) {}

func (l cometLogger) Info(msg string, keyvals ...any) { l.log(slog.LevelDebug, msg, keyvals) }

func (l cometLogger) Warn(msg string, keyvals ...any) { l.log(slog.LevelWarn, msg, keyvals) }

func (l cometLogger) Error(msg string, keyvals ...any) {
	l.log(slog.LevelWarn, msg, keyvals)
	if l.onError != nil && !l.stopping.Load() {
		l.onError(msg, keyvals)
	}
}

func (l cometLogger) With(keyvals ...any) cmtlog.Logger {
	l.context = slices.Concat(l.context, keyvals)
	return l
}

func (l cometLogger) log(level slog.Level, msg string, keyvals []any) {
	if l.stopping.Load() {
		level = slog.LevelDebug
	}
	if ctx := context.Background(); l.logger.Enabled(ctx, level) {
		l.logger.Log(ctx, level, msg, stringify(slices.Concat(l.context, keyvals))...)
	}
}

// stringify replaces, in place, values that would be logged as the fields of a struct by their text.
func stringify(keyvals []any) []any {
	for i, v := range keyvals {
		if s, ok := v.(fmt.Stringer); ok {
			keyvals[i] = s.String()
		}
	}
	return keyvals
}
