package postgres

import "github.com/bitcraps/bitcraps/services/game/internal/play"

// Cached reports whether a transaction works from the cache.
func Cached(tx play.Tx) bool { return tx.(*transaction).cached }
