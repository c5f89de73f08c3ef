package dkg

// Resign signs a message again that a test has changed.
func Resign(t interface{ Fatal(args ...any) }, key SecretKey, message interface {
	signBytes() []byte
	Encode() []byte
}) []byte {
	unsigned := message.signBytes()
	signature, err := key.Sign(digest(unsigned))
	if err != nil {
		t.Fatal(err)
	}
	return append(unsigned, signature...)
}

// ParseScalar is parseScalar.
var ParseScalar = parseScalar
