package device

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

const (
	// ChallengeLife is how long a challenge is valid.
	ChallengeLife = 2 * time.Minute
	// randomSize is the size of the unpredictable part of a challenge.
	randomSize = 16
	bodySize   = randomSize + 8 + 1 // The random bytes, the expiry, and the difficulty.
	// challengeSize is the size of a sealed challenge.
	challengeSize = bodySize + sha256.Size
)

// Challenge is what a device has to sign. Nothing is stored until it is answered, so requests for challenges cost no memory.
type Challenge struct {
	Random     [randomSize]byte
	Expires    time.Time
	Difficulty int
}

// Seal encodes the challenge for a public key and authenticates it with the secret.
func (c Challenge) Seal(secret, publicKey []byte) []byte {
	body := make([]byte, 0, challengeSize)
	body = append(body, c.Random[:]...)
	body = binary.BigEndian.AppendUint64(body, uint64(c.Expires.UnixMicro()))
	body = append(body, byte(c.Difficulty))
	return append(body, tag(secret, body, publicKey)...)
}

func tag(secret, body, publicKey []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("bitcraps device challenge v1\x00"))
	mac.Write(body)
	mac.Write(publicKey)
	return mac.Sum(nil)
}

// open decodes a sealed challenge; ok is false if it was not sealed for the key with one of the secrets.
func open(sealed, publicKey []byte, secrets [][]byte) (c Challenge, ok bool) {
	if len(sealed) != challengeSize {
		return Challenge{}, false
	}
	body, sum := sealed[:bodySize], sealed[bodySize:]
	for _, secret := range secrets {
		ok = hmac.Equal(sum, tag(secret, body, publicKey)) || ok
	}
	copy(c.Random[:], body)
	c.Expires = time.UnixMicro(int64(binary.BigEndian.Uint64(body[randomSize:])))
	c.Difficulty = int(body[bodySize-1])
	return c, ok
}
