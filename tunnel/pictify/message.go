package pictify

import (
	"time"
	"unicode/utf8"
)

// A Field is one line of a message's header. A list of them keeps order and
// repetition, which a map does not.
type Field struct{ Name, Value string }

// A Message is a delivery as it goes over the wire, but for where it goes.
type Message struct {
	Header []Field // in the order in which it is sent
	Body   []byte
}

// NewMessage signs a delivery as of the moment at. Its header is what the
// documents name, in their order: Content-Type, [SignatureHeader], [EventHeader],
// and [DeliveryIDHeader] unless id is "".
//
// Source: concepts/webhooks.
func NewMessage(s *Signer, at time.Time, t EventType, id string, body []byte) Message {
	header := make([]Field, 0, 6) // whoever sends has fields of his own to add
	header = append(header,
		Field{"Content-Type", "application/json"},
		Field{SignatureHeader, s.Sign(at, body)},
		Field{EventHeader, string(t)})
	if id != "" {
		header = append(header, Field{DeliveryIDHeader, id})
	}
	return Message{header, body}
}

// AppendBody appends the body of a delivery to dst, as [Event.Body] has it. Data
// must be compact JSON, and is not looked at; at is left out when it is zero.
func AppendBody(dst []byte, t EventType, at time.Time, data []byte) []byte {
	dst = AppendString(append(dst, `{"event":`...), string(t))
	if !at.IsZero() {
		dst = append(dst, `,"timestamp":"`...)
		dst = appendTime(dst, at)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"data":`...)
	dst = append(dst, data...)
	return append(dst, '}')
}

// AppendString appends s as a JSON string, byte for byte as JSON.stringify would:
// nothing is escaped but the quote, the backslash and control characters. What is
// not UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0 // of what is copied as it stands
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
