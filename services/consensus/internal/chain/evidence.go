package chain

import (
	"cmp"
	"slices"
)

// ListEvidence returns up to limit pieces of evidence, the latest first, that come after the one with a key; from the first if the key is
// empty.
func (n *Node) ListEvidence(after []byte, limit int) ([]Evidence, error) {
	return n.store.evidence(after, limit)
}

// Conduct returns the conduct of each validator since this process started, sorted by name.
func (n *Node) Conduct() []Conduct {
	return slices.SortedFunc(slices.Values(n.evidence.conduct()), func(a, b Conduct) int { return cmp.Compare(a.Validator, b.Validator) })
}

// IsEvidenceKey reports whether the bytes have the form of a key of evidence.
func IsEvidenceKey(key []byte) bool { return len(key) == 1+8+1+20 && key[0] == 'e' }
