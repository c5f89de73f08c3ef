package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

const (
	diceInfo = "bitcraps/dice/v1"
	// rejectionBound is the largest multiple of six that fits in a byte. Bytes from there on are rejected, since keeping them would
	// make low numbers more likely.
	rejectionBound = 252
	// maxStream is the longest output of HKDF with SHA-256 (RFC 5869, section 2.3).
	maxStream = 255 * sha256.Size
)

// Dice derives the two dice, each 1 to 6, from the beacon's randomness and the hash of the commitment.
func Dice(randomness, commitment Hash) (first, second uint8) {
	prk, err := hkdf.Extract(sha256.New, randomness[:], commitment[:])
	if err != nil {
		panic(fmt.Sprintf("protocol: HKDF extract: %v", err)) // It fails only in FIPS mode for short keys; 32 bytes are enough.
	}
	// 32 bytes yield two dice except once in 2^150 rolls. HKDF's output of a greater length begins with that of a smaller one, so
	// expanding to a greater length continues the same stream.
	for length := sha256.Size; length <= maxStream; length += sha256.Size {
		stream, err := hkdf.Expand(sha256.New, prk, diceInfo, length)
		if err != nil {
			panic(fmt.Sprintf("protocol: HKDF expand: %v", err))
		}
		if dice := sample(stream); len(dice) == 2 {
			return dice[0], dice[1]
		}
	}
	panic("protocol: 8160 bytes yield no two dice") // Once in 2^47000 rolls.
}

// sample takes the first two dice from a stream by rejection sampling, or fewer if it has no more.
func sample(stream []byte) []uint8 {
	var dice []uint8
	for _, b := range stream {
		if b < rejectionBound && len(dice) < 2 {
			dice = append(dice, b%6+1)
		}
	}
	return dice
}
