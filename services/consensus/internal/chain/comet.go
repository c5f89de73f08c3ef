package chain

import (
	"log/slog"

	cmtlog "github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/p2p"
)

// moniker is the name that a peer gave itself when it connected, under the key that its id is the hash of.
func moniker(peer p2p.Peer) string {
	info, _ := peer.NodeInfo().(p2p.DefaultNodeInfo)
	return info.Moniker
}

// cometLogger writes CometBFT's log lines to ours. It talks about each step of each round at its level info, which is
// our debug.
type cometLogger struct{ logger *slog.Logger }

func (l cometLogger) Debug(string, ...any) {}

func (l cometLogger) Info(msg string, keyvals ...any) { l.logger.Debug(msg, keyvals...) }

func (l cometLogger) Warn(msg string, keyvals ...any) { l.logger.Warn(msg, keyvals...) }

func (l cometLogger) Error(msg string, keyvals ...any) { l.logger.Warn(msg, keyvals...) }

func (l cometLogger) With(keyvals ...any) cmtlog.Logger {
	return cometLogger{l.logger.With(keyvals...)}
}
