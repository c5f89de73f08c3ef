package protocol

import (
	"encoding/binary"
	"fmt"
)

// betSize is the length of an encoded bet without its seed.
const betSize = 61

// EncodeBets returns the concatenation of the canonical encodings of bets.
func EncodeBets(bets []Bet) []byte {
	b := make([]byte, 0, len(bets)*betSize)
	for _, bet := range bets {
		b = append(b, bet.Encode()...)
	}
	return b
}

// DecodeBets is the inverse of EncodeBets. It accepts only what EncodeBets returns.
func DecodeBets(b []byte) ([]Bet, error) {
	var bets []Bet
	for len(b) > 0 {
		bet, rest, err := decodeBet(b)
		if err != nil {
			return nil, fmt.Errorf("bet %d: %w", len(bets), err)
		}
		bets, b = append(bets, bet), rest
	}
	return bets, nil
}

func decodeBet(b []byte) (bet Bet, rest []byte, err error) {
	if len(b) < betSize || string(b[:16]) != betTag || b[51] > 1 || len(b) < betSize+int(b[60]) {
		return Bet{}, nil, fmt.Errorf("%w: a bet begins with %q and has %d bytes and a seed", ErrMalformed, betTag, betSize)
	}
	end := betSize + int(b[60])
	return Bet{
		ID: ID(b[16:32]), Player: ID(b[32:48]), Wager: binary.BigEndian.Uint16(b[48:50]), Number: b[50], Working: b[51] == 1,
		Amount: binary.BigEndian.Uint64(b[52:60]), Seed: b[betSize:end:end],
	}, b[end:], nil
}
