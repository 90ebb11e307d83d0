package pictify

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strconv"
	"strings"
	"time"
)

// A layout is what stands around the body in the signed text.
type layout struct {
	faults        []Fault
	before, after string
	rare          bool // one of hundreds: only for short bodies
}

// separators are what others put between time and body; a dot is right.
var separators = []string{"", ":", "\n", " ", ",", "|", "-", "_", ";", "&", "/", "+", "\r\n", `\n`, ". ", "..", ",v1="}

// layouts are the texts that are signed by mistake, for a t as it stands in the
// header and, if they are known, the delivery's id, the event's time and where it was sent.
func layouts(t string, q *Question) []layout {
	list := []layout{{faults: []Fault{{Code: MessageNoTime}}}}
	add := func(code FaultCode, detail, before, after string) {
		list = append(list, layout{faults: []Fault{{code, detail}}, before: before, after: after})
	}
	id := fieldValue(q.Header, DeliveryIDHeader)
	if t != "" {
		seconds, err := strconv.ParseInt(t, 10, 64)
		if err == nil && seconds > 0 && seconds < 1e11 {
			add(MessageUnit, "", t+"000.", "")
		} else if err == nil {
			add(MessageUnit, "", t[:max(0, len(t)-3)]+".", "")
		}
		for _, s := range separators {
			add(MessageSeparator, s, t+s, "")
		}
		for _, s := range append([]string{"."}, separators...) {
			add(MessageBodyFirst, s, "", s+t)
		}
		for _, prefix := range []string{"t=", "t:", "t", "timestamp=", "timestamp:"} {
			for _, s := range []string{".", ",", "", "&", "\n", ",v1="} {
				add(MessageTimePrefix, prefix, prefix+t+s, "")
			}
		}
		add(MessageVersion, "v0", "v0:"+t+":", "")
		add(MessageVersion, "v1", "v1:"+t+":", "")
		add(MessageVersion, "v1", "v1."+t+".", "")
		add(MessageVersion, "v1", t+".v1.", "")
		add(MessageVersion, "v1", "v1="+t+".", "")
		if id != "" {
			for _, s := range []string{".", ":", ""} {
				add(MessageID, "", id+s+t+s, "")
				add(MessageID, "", t+s+id+s, "")
			}
		}
		list = append(list, timeForms(t, q)...)
	}
	if id != "" {
		add(MessageID, "", id+".", "")
	}
	return list
}

// timeForms are texts whose time is not t: the same moment in another form, or
// another moment.
func timeForms(t string, q *Question) []layout {
	var list []layout
	add := func(code FaultCode, text string, rare bool) {
		list = append(list, layout{[]Fault{{code, text}}, text + ".", "", rare})
	}
	if e, err := ParseEvent(q.Body); err == nil && !e.Timestamp.IsZero() {
		for _, name := range members(q.Body) {
			if text, ok := textOf(name); ok && len(text) < 40 && strings.HasPrefix(text, e.Timestamp.Format("2006-01-02T")) {
				add(MessageTimeForm, text, false)
			}
		}
		add(TimeShuffled, strconv.FormatInt(e.Timestamp.Unix(), 10), false)
		add(TimeShuffled, strconv.FormatInt(e.Timestamp.UnixMilli(), 10), false)
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil || seconds < 1 || seconds > 1e11 {
		return list
	}
	at := time.Unix(seconds, 0).UTC()
	for _, form := range []string{
		"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05+00:00", "2006-01-02 15:04:05", "2006-01-02 15:04:05 UTC", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05+00:00", "2006-01-02 15:04:05 +0000 UTC", time.RFC1123, time.RFC1123Z, "Mon, 02 Jan 2006 15:04:05 GMT",
	} {
		add(MessageTimeForm, at.Format(form), false)
	}
	add(MessageTimeForm, t+".0", false)
	add(MessageTimeForm, strconv.FormatInt(seconds, 16), false)
	for hours := int64(-14); hours <= 14; hours++ {
		add(TimeShuffled, strconv.FormatInt(seconds+3600*hours, 10), true)
	}
	for d := int64(1); d <= 300; d++ {
		add(TimeShuffled, strconv.FormatInt(seconds+d, 10), true)
		add(TimeShuffled, strconv.FormatInt(seconds-d, 10), true)
	}
	for ms := int64(1); ms < 1000; ms++ {
		list = append(list, layout{[]Fault{{MessageUnit, ""}}, strconv.FormatInt(seconds*1000+ms, 10) + ".", "", true})
	}
	return list
}

// An algorithm makes a digest of a key and a text in parts.
type algorithm struct {
	faults []Fault
	size   int
	start  func(key []byte) hash.Hash
	tail   bool // the key stands behind the text
	swap   bool // the text is the key, the key is the text
}

func keyed(h func() hash.Hash) func(key []byte) hash.Hash {
	return func(key []byte) hash.Hash { return hmac.New(h, key) }
}

func unkeyed(h func() hash.Hash, withKey bool, between string) func(key []byte) hash.Hash {
	return func(key []byte) hash.Hash {
		sum := h()
		if withKey {
			sum.Write(key)
			sum.Write([]byte(between))
		}
		return sum
	}
}

// algorithms are those other than HMAC-SHA256.
func algorithms() []algorithm {
	hashes := []struct {
		name string
		size int
		new  func() hash.Hash
	}{
		{"SHA-256", sha256.Size, sha256.New}, {"SHA-1", sha1.Size, sha1.New}, {"SHA-512", sha512.Size, sha512.New},
		{"MD5", md5.Size, md5.New}, {"SHA-384", sha512.Size384, sha512.New384}, {"SHA-512/256", sha512.Size256, sha512.New512_256}, {"SHA-224", sha256.Size224, sha256.New224},
	}
	var list []algorithm
	for i, h := range hashes {
		other := []Fault{{DigestAlgorithm, h.name}}
		if i == 0 {
			other = nil
		} else {
			list = append(list, algorithm{faults: other, size: h.size, start: keyed(h.new)})
		}
		add := func(code FaultCode, detail string, a algorithm) {
			a.faults, a.size = append([]Fault{{code, detail}}, other...), h.size
			list = append(list, a)
		}
		add(DigestPlain, "the text alone", algorithm{start: unkeyed(h.new, false, "")})
		add(DigestPlain, "secret and text", algorithm{start: unkeyed(h.new, true, "")})
		add(DigestPlain, "secret and text", algorithm{start: unkeyed(h.new, true, ".")})
		add(DigestPlain, "text and secret", algorithm{start: unkeyed(h.new, false, ""), tail: true})
		add(DigestSwapped, "", algorithm{start: keyed(h.new), swap: true})
	}
	return list
}

// sum is the digest of a text in three parts.
func (a *algorithm) sum(key []byte, before string, body []byte, after string) []byte {
	if a.swap {
		text := make([]byte, 0, len(before)+len(body)+len(after))
		text = append(append(append(text, before...), body...), after...)
		h := a.start(text)
		h.Write(key)
		return h.Sum(nil)
	}
	h := a.start(key)
	h.Write([]byte(before))
	h.Write(body)
	h.Write([]byte(after))
	if a.tail {
		h.Write(key)
	}
	return h.Sum(nil)
}
