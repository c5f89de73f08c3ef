package postgres

// backoff keeps replicas that alternately write the same games from using the cache in vain: after each conflict the cache is bypassed for
// twice as many transactions; successes halve that again.
type backoff struct {
	length    int // The length of the last pause, in transactions.
	remaining int // The transactions left of the current pause.
	successes int // The successes since the last conflict, or since they last halved the length.
}

const (
	// maxPause is the longest pause.
	maxPause = 1 << 12
	// deepPause is the number of remaining transactions from which the cache is not updated either.
	deepPause = 1 << 5
	// successesToHalve is the number of successes in a row that halve the next pause.
	successesToHalve = 1 << 4
)

// allows reports whether a transaction may use the cache.
func (b *backoff) allows() bool {
	b.remaining = max(b.remaining-1, 0)
	return b.remaining == 0
}

// deep reports whether the cache is bypassed for so long that updating it is of no use.
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
