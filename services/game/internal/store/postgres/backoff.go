package postgres

// backoff keeps replicas that write the same games by turns from relying on the cache in vain: each time that it is wrong it is left alone
// for twice as long, unless it has been right for a while.
type backoff struct {
	pause int // For how many transactions it was left alone last.
	left  int // How many of them are to come.
	right int // How often in a row it was right.
}

const (
	// maxPause is the longest pause.
	maxPause = 1 << 12
	// deepPause is from when on nothing is learned meanwhile either.
	deepPause = 1 << 5
	// enough is how often in a row the cache must be right to halve the next pause.
	enough = 1 << 4
)

// passes reports whether a transaction may rely on the cache.
func (b *backoff) passes() bool {
	b.left = max(b.left-1, 0)
	return b.left == 0
}

// deep reports whether the cache is left alone for so long that there is no use in keeping it.
func (b *backoff) deep() bool { return b.left >= deepPause }

func (b *backoff) success() {
	if b.right++; b.right == enough {
		b.right, b.pause = 0, b.pause/2
	}
}

func (b *backoff) conflict() {
	b.right, b.pause = 0, min(2*b.pause+1, maxPause)
	b.left = b.pause
}
