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

// cometLogger writes CometBFT's log lines to ours. It talks about each step of each round at its level info, which is
// our debug, and calls a peer that hangs up an error, which is our warning, and nothing at all while the node stops.
type cometLogger struct {
	logger   *slog.Logger
	stopping *atomic.Bool
	// failed sees what CometBFT calls an error; nil for nobody.
	onError func(msg string, keyvals []any)
	// with is what each line says besides its own. It is made text by a line that is written: gossip makes a logger each time that
	// it looks for something to tell.
	context []any
}

// ofComet is a logger of CometBFT's own lines.
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

// readable makes text, in place, of what would log as the fields of a struct.
func stringify(keyvals []any) []any {
	for i, v := range keyvals {
		if s, ok := v.(fmt.Stringer); ok {
			keyvals[i] = s.String()
		}
	}
	return keyvals
}
