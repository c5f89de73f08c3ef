package postgres

import "github.com/bitcraps/bitcraps/services/game/internal/play"

// Recalled reports whether a transaction works from memory.
func Recalled(tx play.Tx) bool { return tx.(*transaction).recalled }
