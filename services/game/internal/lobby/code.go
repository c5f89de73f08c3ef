// Package lobby matches players with tables: filters and sorting of listed tables, and the join codes of private ones.
package lobby

import (
	"crypto/sha256"
	"io"
	"strings"
)

// alphabet is Crockford's Base32 alphabet: no letter looks like a digit, so codes can be read aloud.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is the number of characters of a join code, which hold 50 bits.
const codeLength = 10

// NewCode generates a join code from random bytes.
func NewCode(random io.Reader) (string, error) {
	code := make([]byte, codeLength)
	if _, err := io.ReadFull(random, code); err != nil {
		return "", err
	}
	for i := range code {
		code[i] = alphabet[code[i]%byte(len(alphabet))] // 256 is a multiple of 32, so there is no modulo bias.
	}
	return string(code), nil
}

// normalizer undoes variations in how people write a code, in upper case: separators between groups, and letters for digits.
var normalizer = strings.NewReplacer(" ", "", "-", "", "O", "0", "I", "1", "L", "1")

// HashCode returns the hash of a code that is stored, whatever way the code is written. ok is false if it is not a
// well-formed code. A code is random, so it needs no salt and no slow hash; anyone who can read the database can see the table
// anyway.
func HashCode(written string) (hash []byte, ok bool) {
	code := normalizer.Replace(strings.ToUpper(written))
	if len(code) != codeLength || strings.Trim(code, alphabet) != "" {
		return nil, false
	}
	sum := sha256.Sum256([]byte("bitcraps/join-code/v1:" + code))
	return sum[:], true
}
