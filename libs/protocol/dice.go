package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

const (
	diceInfo = "bitcraps/dice/v1"
	// fair is the largest multiple of six that a byte can count to. Bytes from there on are thrown away: keeping them
	// would make low numbers likelier.
	fair = 252
	// maxStream is the longest output of HKDF with SHA-256 (RFC 5869, section 2.3).
	maxStream = 255 * sha256.Size
)

// Dice are the two dice, each 1 to 6, that the beacon's randomness throws for the commitment.
func Dice(randomness, commitment Hash) (first, second uint8) {
	prk, err := hkdf.Extract(sha256.New, randomness[:], commitment[:])
	if err != nil {
		panic(fmt.Sprintf("protocol: HKDF extract: %v", err)) // Only FIPS mode with short keys fails; 32 bytes are not short.
	}
	// 32 bytes give two fair ones but once in 2^150 throws. HKDF's output for a greater length begins with that for a
	// smaller one, so asking for more continues the same stream.
	for length := sha256.Size; length <= maxStream; length += sha256.Size {
		stream, err := hkdf.Expand(sha256.New, prk, diceInfo, length)
		if err != nil {
			panic(fmt.Sprintf("protocol: HKDF expand: %v", err))
		}
		if dice := reject(stream); len(dice) == 2 {
			return dice[0], dice[1]
		}
	}
	panic("protocol: 8160 bytes without two fair ones") // Once in 2^47000 throws.
}

// reject returns the first two dice of a stream, or fewer where it holds no more.
func reject(stream []byte) []uint8 {
	var dice []uint8
	for _, b := range stream {
		if b < fair && len(dice) < 2 {
			dice = append(dice, b%6+1)
		}
	}
	return dice
}
