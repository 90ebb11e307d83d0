package pictify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"sync"
	"time"
)

// A Signer signs many bodies with one secret, each as [Sign] would, and faster:
// the key is set up once. It may be used by several goroutines.
type Signer struct {
	states sync.Pool // of *signing
}

// A signing is what one signature at a time needs.
type signing struct {
	mac  hash.Hash
	text []byte // "<t>."
	sum  []byte
}

// NewSigner returns a signer with s.
func NewSigner(s Secret) *Signer {
	key := []byte(s.Reveal())
	signer := &Signer{}
	signer.states.New = func() any { return &signing{mac: hmac.New(sha256.New, key)} }
	return signer
}

// Sign returns the header value for body signed at the given moment.
func (s *Signer) Sign(at time.Time, body []byte) string {
	return string(s.Append(nil, at, body))
}

// Append appends to dst what Sign returns.
func (s *Signer) Append(dst []byte, at time.Time, body []byte) []byte {
	st := s.states.Get().(*signing)
	defer s.states.Put(st)
	st.mac.Reset()
	st.text = append(strconv.AppendInt(st.text[:0], at.Unix(), 10), '.')
	st.mac.Write(st.text)
	st.mac.Write(body)
	st.sum = st.mac.Sum(st.sum[:0])
	dst = strconv.AppendInt(append(dst, "t="...), at.Unix(), 10)
	return hex.AppendEncode(append(dst, ",v1="...), st.sum)
}
