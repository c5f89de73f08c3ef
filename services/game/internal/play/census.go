package play

// Census is what counting the whole store tells.
type Census struct {
	// Players are those who sit at open games, each once.
	Players int64
	// Drift is the sum of all balances. It is zero in an honest book: each transfer takes from one account what it gives
	// to another.
	Drift int64
}
