package mock

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
)

// A Tamper is a way to break a delivery on purpose.
type Tamper string

// The ways. All but the last four make a forgery, which a handler must refuse.
const (
	TamperBody        Tamper = "body"         // a byte of the body was changed after signing
	TamperSignature   Tamper = "signature"    // a digit of v1 was changed
	TamperSecret      Tamper = "secret"       // signed with another secret
	TamperTimestamp   Tamper = "timestamp"    // signed ten minutes ago
	TamperMissing     Tamper = "missing"      // no signature
	TamperMalformed   Tamper = "malformed"    // a signature that cannot be parsed
	TamperTruncated   Tamper = "truncated"    // the second half of the body is missing
	TamperEmpty       Tamper = "empty"        // no body, and rightly signed as such
	TamperContentType Tamper = "content-type" // text/plain, rightly signed
	TamperOversize    Tamper = "oversize"     // more than 11 MiB, rightly signed
	TamperEvent       Tamper = "event"        // the event's header, which is not signed, names another type
)

// Tampers returns all ways.
func Tampers() []Tamper {
	return []Tamper{TamperBody, TamperSignature, TamperSecret, TamperTimestamp, TamperMissing, TamperMalformed,
		TamperTruncated, TamperEmpty, TamperContentType, TamperOversize, TamperEvent}
}

const (
	tamperAge    = 10 * time.Minute // twice what receivers tolerate
	oversize     = 11 << 20         // bytes; receivers in the documents' samples stop at 10 MiB or before
	otherSecret  = "whsec_not_the_secret_of_this_subscription"
	oversizeName = `,"padding":"`
)

// Message signs a sample as of the moment at and breaks it. The zero Tamper leaves it whole.
func (t Tamper) Message(s fixtures.Sample, signer *pictify.Signer, at time.Time) pictify.Message {
	switch t {
	case TamperSecret:
		signer = pictify.NewSigner(pictify.NewSecret(otherSecret))
	case TamperTimestamp:
		at = at.Add(-tamperAge)
	case TamperEmpty:
		s.Body = nil
	case TamperOversize:
		s.Body = inflate(s.Body)
	}
	m := s.Message(signer, at)
	switch t {
	case TamperBody:
		m.Body = changeByte(m.Body)
	case TamperTruncated:
		m.Body = m.Body[:len(m.Body)/2]
	case TamperMissing:
		m.Header = slices.DeleteFunc(m.Header, func(f pictify.Field) bool { return f.Name == pictify.SignatureHeader })
	case TamperSignature:
		change(m.Header, pictify.SignatureHeader, func(v string) string { return v[:len(v)-1] + otherDigit(v[len(v)-1]) })
	case TamperMalformed:
		change(m.Header, pictify.SignatureHeader, func(v string) string {
			return strings.NewReplacer("t=", "t=now", ",", "; ").Replace(v)
		})
	case TamperContentType:
		change(m.Header, "Content-Type", func(string) string { return "text/plain" })
	case TamperEvent:
		change(m.Header, pictify.EventHeader, otherEvent)
	}
	return m
}

func change(header []pictify.Field, name string, to func(string) string) {
	for i, f := range header {
		if f.Name == name {
			header[i].Value = to(f.Value)
		}
	}
}

func otherDigit(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

func otherEvent(t string) string {
	if t == string(pictify.RenderFailed) {
		return string(pictify.RenderCompleted)
	}
	return string(pictify.RenderFailed)
}

// changeByte returns body with one digit of its data changed, or its last byte
// when there is no digit: JSON stays JSON, so that only the signature tells.
func changeByte(body []byte) []byte {
	body = bytes.Clone(body)
	start := max(0, bytes.Index(body, []byte(`"data"`)))
	for i, c := range body[start:] {
		if c >= '0' && c <= '9' {
			if body[start+i] = c + 1; c == '9' {
				body[start+i] = '8' // 0 could begin a number
			}
			return body
		}
	}
	if len(body) > 0 {
		body[len(body)-1] ^= 1
	}
	return body
}

// inflate adds a member to the body, if it is an object, so that it is too large
// for most receivers and still JSON.
func inflate(body []byte) []byte {
	end := bytes.LastIndexByte(body, '}')
	if end < 0 {
		return append(bytes.Clone(body), bytes.Repeat([]byte{' '}, oversize)...)
	}
	b := make([]byte, 0, len(body)+oversize+32)
	b = append(append(b, body[:end]...), oversizeName...)
	b = append(b, bytes.Repeat([]byte{'x'}, oversize)...)
	return append(append(b, '"'), body[end:]...)
}

// Want is what a correct handler answers, in words for people.
func (t Tamper) Want() string {
	switch t {
	case "":
		return "2xx"
	case TamperBody, TamperSignature, TamperSecret, TamperTimestamp, TamperMissing, TamperMalformed, TamperTruncated:
		return "401, or another 4xx"
	case TamperEmpty:
		return "400, or another 4xx"
	case TamperContentType:
		return "2xx, 415 or another 4xx"
	case TamperOversize:
		return "2xx, 413 or another 4xx"
	}
	return "2xx, or 4xx"
}

// Accepts reports whether a correct handler may answer with that status. None, 0,
// is never right, nor is a redirect or a 5xx: the handler broke.
func (t Tamper) Accepts(status int) bool {
	switch t {
	case "":
		return status/100 == 2
	case TamperContentType, TamperOversize, TamperEvent:
		return status/100 == 2 || status/100 == 4
	}
	return status/100 == 4
}

// Why says what the handler is to notice.
func (t Tamper) Why() string {
	switch t {
	case TamperBody:
		return "one digit of the body was changed after signing"
	case TamperSignature:
		return "the last digit of v1 was changed"
	case TamperSecret:
		return "it is signed with another secret"
	case TamperTimestamp:
		return "it is rightly signed, but 10 minutes old: a replay"
	case TamperMissing:
		return "it has no signature"
	case TamperMalformed:
		return "its signature header cannot be parsed"
	case TamperTruncated:
		return "half of the body is missing"
	case TamperEmpty:
		return "it is rightly signed, but has no body"
	case TamperContentType:
		return "it is rightly signed, but says text/plain"
	case TamperOversize:
		return "it is rightly signed, but 11 MiB long"
	case TamperEvent:
		return "its unsigned X-Pictify-Event names another type than its body, which counts"
	}
	return ""
}
