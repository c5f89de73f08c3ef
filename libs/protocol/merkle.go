package protocol

import (
	"crypto/sha256"
	"math/bits"
	"slices"
)

// MerkleRoot returns the Merkle Tree Hash of RFC 6962, section 2.1, over the leaves in their order. Without leaves it is the hash of the
// empty string. The chain's blocks use the same tree.
func MerkleRoot(leaves [][]byte) Hash {
	hashes := make([]Hash, len(leaves))
	for i, leaf := range leaves {
		hashes[i] = leafHash(leaf)
	}
	return merkleRoot(hashes)
}

// VerifyPath reports whether the audit path of RFC 6962, section 2.1.1, lowest sibling first, leads from the leaf to the root. Bit i of
// the index is set if path[i] is a left sibling; the index must have no other bits.
func VerifyPath(leaf []byte, index int, path []Hash, root Hash) bool {
	hash := leafHash(leaf)
	for i, sibling := range path {
		if index>>i&1 == 1 {
			hash = nodeHash(sibling, hash)
		} else {
			hash = nodeHash(hash, sibling)
		}
	}
	return hash == root && index>>len(path) == 0
}

func merkleRoot(hashes []Hash) Hash {
	switch len(hashes) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return hashes[0]
	}
	k := split(len(hashes))
	return nodeHash(merkleRoot(hashes[:k]), merkleRoot(hashes[k:]))
}

// split returns the largest power of two below n.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

func leafHash(leaf []byte) Hash { return sha256.Sum256(append([]byte{0}, leaf...)) }

func nodeHash(left, right Hash) Hash {
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}
