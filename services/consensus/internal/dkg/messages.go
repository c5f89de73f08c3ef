package dkg

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/bitcraps/bitcraps/libs/protocol"
)

// Tags begin the encodings of a ceremony's messages, which docs/protocol.md specifies.
const (
	DealTag          = "bitcraps/deal/01"
	ResponseTag      = "bitcraps/resp/01"
	JustificationTag = "bitcraps/just/01"
)

// Deal is a dealer's message: commitments to its polynomial, and for each member the encrypted value of the polynomial.
type Deal struct {
	Session     protocol.Hash
	Dealer      int
	Commitments []protocol.Point
	Sealed      [][]byte
	Signature   []byte
}

// Response is a member's verdict on the deals: it complains about the dealers whose share for it is invalid.
type Response struct {
	Session    protocol.Hash
	Member     int
	Complaints []int // Dealers, ascending.
	Signature  []byte
}

// Justification is a dealer's answer to complaints: the disputed shares in plain text, for everyone to verify.
type Justification struct {
	Session   protocol.Hash
	Dealer    int
	Answers   []Answer // Ascending.
	Signature []byte
}

// Answer is the share of a member that complained.
type Answer struct {
	Member int
	Share  []byte
}

// writer and reader encode and decode a sequence of numbers and bytes. A reader that runs out of bytes fails at the end.
type writer []byte

func (w *writer) uint16(v int)   { *w = binary.BigEndian.AppendUint16(*w, uint16(v)) }
func (w *writer) bytes(b []byte) { *w = append(*w, b...) }

type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) bytes(n int) []byte {
	if len(r.rest) < n {
		r.bad, r.rest = true, nil
		return make([]byte, n)
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint16() int { return int(binary.BigEndian.Uint16(r.bytes(2))) }

// count reads how many items of a size follow, which can't be more than there are bytes for.
func (r *reader) count(size int) int {
	n := r.uint16()
	if n > protocol.MaxMembers || n*size > len(r.rest) {
		r.bad = true
		return 0
	}
	return n
}

// end fails unless exactly all bytes were read.
func (r *reader) end(what string) error {
	if r.bad || len(r.rest) > 0 {
		return fmt.Errorf("%w: not a %s", protocol.ErrMalformed, what)
	}
	return nil
}

// header begins every message: the tag, the session and the sender's index.
func header(tag string, session protocol.Hash, sender int) writer {
	w := writer(tag)
	w.bytes(session[:])
	w.uint16(sender)
	return w
}

func readHeader(b []byte, tag string) (r *reader, session protocol.Hash, sender int) {
	r = &reader{rest: b}
	if string(r.bytes(len(tag))) != tag {
		r.bad = true
	}
	session = protocol.Hash(r.bytes(len(session)))
	return r, session, r.uint16()
}

// digest returns the hash that a message's signature covers.
func digest(unsigned []byte) []byte {
	sum := sha256.Sum256(unsigned)
	return sum[:]
}

func (d Deal) signBytes() []byte {
	w := header(DealTag, d.Session, d.Dealer)
	w.uint16(len(d.Commitments))
	for _, c := range d.Commitments {
		w.bytes(c[:])
	}
	w.uint16(len(d.Sealed))
	for _, s := range d.Sealed {
		w.bytes(s)
	}
	return w
}

// Encode returns the canonical encoding.
func (d Deal) Encode() []byte { return append(d.signBytes(), d.Signature...) }

// DecodeDeal is the inverse of Encode. It accepts nothing but what Encode returns.
func DecodeDeal(b []byte) (Deal, error) {
	var d Deal
	var r *reader
	r, d.Session, d.Dealer = readHeader(b, DealTag)
	for range r.count(len(protocol.Point{})) {
		d.Commitments = append(d.Commitments, protocol.Point(r.bytes(len(protocol.Point{}))))
	}
	for range r.count(sealedSize) {
		d.Sealed = append(d.Sealed, r.bytes(sealedSize))
	}
	d.Signature = r.bytes(signatureSize)
	return d, r.end("deal")
}

func (p Response) signBytes() []byte {
	w := header(ResponseTag, p.Session, p.Member)
	w.uint16(len(p.Complaints))
	for _, dealer := range p.Complaints {
		w.uint16(dealer)
	}
	return w
}

// Encode returns the canonical encoding.
func (p Response) Encode() []byte { return append(p.signBytes(), p.Signature...) }

// DecodeResponse is the inverse of Encode. It accepts nothing but what Encode returns.
func DecodeResponse(b []byte) (Response, error) {
	var p Response
	var r *reader
	r, p.Session, p.Member = readHeader(b, ResponseTag)
	for range r.count(2) {
		dealer := r.uint16()
		if n := len(p.Complaints); n > 0 && p.Complaints[n-1] >= dealer {
			r.bad = true
		}
		p.Complaints = append(p.Complaints, dealer)
	}
	p.Signature = r.bytes(signatureSize)
	return p, r.end("response")
}

func (j Justification) signBytes() []byte {
	w := header(JustificationTag, j.Session, j.Dealer)
	w.uint16(len(j.Answers))
	for _, a := range j.Answers {
		w.uint16(a.Member)
		w.bytes(a.Share)
	}
	return w
}

// Encode returns the canonical encoding.
func (j Justification) Encode() []byte { return append(j.signBytes(), j.Signature...) }

// DecodeJustification is the inverse of Encode. It accepts nothing but what Encode returns.
func DecodeJustification(b []byte) (Justification, error) {
	var j Justification
	var r *reader
	r, j.Session, j.Dealer = readHeader(b, JustificationTag)
	for range r.count(2 + secretSize) {
		a := Answer{Member: r.uint16(), Share: r.bytes(secretSize)}
		if n := len(j.Answers); n > 0 && j.Answers[n-1].Member >= a.Member {
			r.bad = true
		}
		j.Answers = append(j.Answers, a)
	}
	j.Signature = r.bytes(signatureSize)
	return j, r.end("justification")
}
