package chain

import (
	"cmp"
	"slices"
)

// ListEvidence returns up to limit pieces of evidence, the latest first, behind one whose key is given.
func (n *Node) ListEvidence(behind []byte, limit int) ([]Evidence, error) {
	return n.store.evidence(behind, limit)
}

// Conduct returns how each validator behaved since this process started, in the order of their names.
func (n *Node) Conduct() []Conduct {
	return slices.SortedFunc(slices.Values(n.evidence.conduct()), func(a, b Conduct) int { return cmp.Compare(a.Validator, b.Validator) })
}

// IsEvidenceKey reports whether the bytes could be a piece of evidence's place in the list.
func IsEvidenceKey(key []byte) bool { return len(key) == 1+8+1+20 && key[0] == 'e' }
