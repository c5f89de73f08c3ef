package protocol

import (
	"crypto/sha256"
	"math/bits"
	"slices"
)

// MerkleRoot is the Merkle Tree Hash of RFC 6962, section 2.1, over the leaves in their order. No leaves have the hash of
// the empty string. The chain's blocks hash their parts with the same tree.
func MerkleRoot(leaves [][]byte) Hash {
	hashes := make([]Hash, len(leaves))
	for i, leaf := range leaves {
		hashes[i] = leafHash(leaf)
	}
	return merkleRoot(hashes)
}

// VerifyPath reports whether the audit path of RFC 6962, section 2.1.1, lowest sibling first, proves that the leaf is the
// index-th of count leaves under the root. It takes the count on trust: trees of several sizes have the same path.
func VerifyPath(leaf []byte, index, count int, path []Hash, root Hash) bool {
	if index < 0 || index >= count {
		return false
	}
	hash, used := leafHash(leaf), 0
	for i, last := index, count-1; last > 0; i, last = i/2, last/2 {
		if i%2 == 0 && i == last { // The rightmost node of an odd row moves up as it is.
			continue
		}
		if used == len(path) {
			return false
		}
		if i%2 == 1 {
			hash = nodeHash(path[used], hash)
		} else {
			hash = nodeHash(hash, path[used])
		}
		used++
	}
	return used == len(path) && hash == root
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

func auditPath(hashes []Hash, index int) []Hash {
	if len(hashes) == 1 {
		return nil
	}
	k := split(len(hashes))
	if index < k {
		return append(auditPath(hashes[:k], index), merkleRoot(hashes[k:]))
	}
	return append(auditPath(hashes[k:], index-k), merkleRoot(hashes[:k]))
}

// split is the largest power of two below n.
func split(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

func leafHash(leaf []byte) Hash { return sha256.Sum256(append([]byte{0}, leaf...)) }

func nodeHash(left, right Hash) Hash {
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}
