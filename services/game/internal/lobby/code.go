// Package lobby is how players come together: which tables fit, and the codes that let into private ones.
package lobby

import (
	"crypto/sha256"
	"io"
	"strings"
)

// alphabet is Crockford's: no letter looks like a digit, so codes can be read out.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is how many characters a join code has: 50 bits.
const codeLength = 10

// NewCode makes a join code of random bytes.
func NewCode(random io.Reader) (string, error) {
	code := make([]byte, codeLength)
	if _, err := io.ReadFull(random, code); err != nil {
		return "", err
	}
	for i := range code {
		code[i] = alphabet[code[i]%byte(len(alphabet))] // 256 is a multiple of 32, so none is likelier.
	}
	return string(code), nil
}

// normalizer is how people write what a code may be: in small letters, in groups, with an O for a zero.
var normalizer = strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1")

// HashCode is what is stored of a code, however it is written. ok is false where it can't be one. A code is random, so it
// needs no salt and no slow hash; who reads the database can see the table anyway.
func HashCode(written string) (hash []byte, ok bool) {
	code := normalizer.Replace(strings.ToUpper(written))
	if len(code) != codeLength || strings.Trim(code, alphabet) != "" {
		return nil, false
	}
	sum := sha256.Sum256([]byte("bitcraps/join-code/v1:" + code))
	return sum[:], true
}
