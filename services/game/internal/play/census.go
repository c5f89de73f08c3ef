package play

// Census counts the whole store.
type Census struct {
	// Players is the number of distinct players seated at open games.
	Players int64
	// Drift is the sum of all balances. It is zero in a consistent ledger: each transfer takes from one account what it gives to
	// another.
	Drift int64
}
