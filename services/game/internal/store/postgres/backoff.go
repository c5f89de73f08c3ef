package postgres

// backoff keeps replicas that write the same games by turns from relying on the cache in vain: each time that it is wrong it is left alone
// for twice as long, unless it has been right for a while.
type backoff struct {
	length    int // For how many transactions it was left alone last.
	remaining int // How many of them are to come.
	successes int // How often in a row it was right.
}

const (
	// maxPause is the longest pause.
	maxPause = 1 << 12
	// deepPause is from when on nothing is learned meanwhile either.
	deepPause = 1 << 5
	// successesToHalve is how often in a row the cache must be right to halve the next pause.
	successesToHalve = 1 << 4
)

// allows reports whether a transaction may rely on the cache.
func (b *backoff) allows() bool {
	b.remaining = max(b.remaining-1, 0)
	return b.remaining == 0
}

// deep reports whether the cache is left alone for so long that there is no use in keeping it.
func (b *backoff) deep() bool { return b.remaining >= deepPause }

func (b *backoff) success() {
	if b.successes++; b.successes == successesToHalve {
		b.successes, b.length = 0, b.length/2
	}
}

func (b *backoff) conflict() {
	b.successes, b.length = 0, min(2*b.length+1, maxPause)
	b.remaining = b.length
}
