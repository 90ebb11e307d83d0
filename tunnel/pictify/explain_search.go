package pictify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A search tries hypotheses against claims until one holds.
type search struct {
	q        Question
	claims   []claim
	times    []string  // of the claims, each once
	subjects []subject // bodies that may have been signed as they are

	others    []key // the right one is not among them
	algorithm []algorithm
	hashers   map[string]hash.Hash // of HMAC-SHA256, by key
	laidOut   map[string][]layout  // by time
	buf       []byte

	left    int64 // bytes that may still be hashed
	partial bool
	counts  map[Kind]int

	found []Fault
	right bool // what was found is the right MAC, written in another way
}

// A subject is a body and the mistakes of which it is the result.
type subject struct {
	body   []byte
	faults []Fault
}

// A try is one hypothesis: all that goes into a digest.
type try struct {
	kind      Kind
	key       key
	algorithm *algorithm // nil is HMAC-SHA256
	layout    layout
	time      string // of the claims to compare with
	body      []byte
	form      []Fault
}

func newSearch(q Question, claims []claim) *search {
	s := &search{
		q: q, claims: claims, subjects: []subject{{body: q.Body}}, left: q.Budget,
		hashers: make(map[string]hash.Hash), laidOut: make(map[string][]layout), counts: make(map[Kind]int),
	}
	if s.left == 0 {
		s.left = DefaultBudget
	}
	sizes := make(map[int]bool)
	for _, c := range claims {
		sizes[len(c.sum)] = true
		if !slices.Contains(s.times, c.time) {
			s.times = append(s.times, c.time)
		}
	}
	for _, a := range algorithms() {
		if sizes[a.size] {
			s.algorithm = append(s.algorithm, a)
		}
	}
	seen := []Secret{q.Secret}
	for _, o := range q.Others {
		if !o.Secret.IsZero() && !slices.ContainsFunc(seen, o.Secret.Equal) {
			seen = append(seen, o.Secret)
			s.others = append(s.others, key{[]Fault{{KeyOther, o.Name}}, []byte(o.Secret.Reveal())})
		}
	}
	return s
}

// run looks for the first hypothesis that holds, and leaves it in s.found.
func (s *search) run() bool {
	if len(s.claims) == 0 {
		return false
	}
	return s.asItShould() || s.withSecrets() || s.withSpellings() || s.withMessages() || s.withDigests() ||
		s.withForms() || s.withPrefixes() || s.withSeveral()
}

// usual is the layout that is right, or for a header without time the body alone.
func usual(t string) layout {
	if t == "" {
		return layout{faults: []Fault{{Code: MessageNoTime}}}
	}
	return layout{before: t + "."}
}

func (s *search) secret() []key {
	if s.q.Secret.IsZero() {
		return nil
	}
	return []key{{nil, []byte(s.q.Secret.Reveal())}}
}

// each tries keys on all subjects with the usual layout.
func (s *search) each(kind Kind, keys []key) bool {
	for _, k := range keys {
		for _, b := range s.subjects {
			for _, t := range s.times {
				if s.holds(try{kind, k, nil, usual(t), t, b.body, b.faults}) {
					return true
				}
			}
		}
	}
	return false
}

func (s *search) asItShould() bool { return s.each("", s.secret()) }

func (s *search) withSecrets() bool { return s.each(KindSecrets, s.others) }

// misspelled are the keys that the right secret is mistaken for.
func (s *search) misspelled() []key {
	var list []key
	if !s.q.Secret.IsZero() {
		list = spellings(s.q.Secret.Reveal())
	}
	return append(list, unset()...)
}

func (s *search) withSpellings() bool { return s.each(KindSpelling, s.misspelled()) }

func (s *search) withMessages() bool { return s.layouts(KindMessage, s.secret(), nil, true) }

// layouts tries keys with all layouts on all subjects.
func (s *search) layouts(kind Kind, keys []key, a *algorithm, rare bool) bool {
	for _, t := range s.times {
		for _, l := range s.layoutsOf(t) {
			for _, b := range s.subjects {
				if l.rare && (!rare || len(b.body) > 64<<10) {
					continue
				}
				for _, k := range keys {
					if s.holds(try{kind, k, a, l, t, b.body, b.faults}) {
						return true
					}
				}
			}
		}
	}
	return false
}

func (s *search) layoutsOf(t string) []layout {
	if s.laidOut[t] == nil {
		s.laidOut[t] = layouts(t, &s.q)
	}
	return s.laidOut[t]
}

func (s *search) withDigests() bool {
	for i := range s.algorithm {
		for _, b := range s.subjects {
			for _, k := range s.secret() {
				for _, t := range s.times {
					if s.holds(try{KindDigest, k, &s.algorithm[i], usual(t), t, b.body, b.faults}) {
						return true
					}
				}
			}
		}
	}
	return s.goSum()
}

// goSum recognises h.Sum(text): Go's Sum appends the digest of what was written,
// nothing, to the text that it is given.
func (s *search) goSum() bool {
	for _, c := range s.claims {
		for _, k := range append(s.secret(), s.others...) {
			s.counts[KindDigest]++
			n := len(c.sum) - sha256.Size
			if n <= 0 {
				continue
			}
			if mac := hmac.New(sha256.New, k.bytes); bytes.Equal(c.sum[n:], mac.Sum(nil)) {
				s.found = together(c.faults, k.faults, []Fault{{Code: DigestGoSum}})
				return true
			}
		}
	}
	return false
}

func (s *search) withForms() bool {
	if s.left < 0 {
		return false
	}
	b := newBodies(s.q.Body)
	for fault, form := range b.all() {
		for _, k := range s.secret() {
			for _, t := range s.times {
				if s.holds(try{KindBody, k, nil, usual(t), t, form, []Fault{fault}}) {
					return true
				}
			}
		}
		if s.left < 0 {
			break
		}
	}
	s.partial = s.partial || b.cut
	return false
}

// withPrefixes tries the beginnings of the body, each in the time of a block.
func (s *search) withPrefixes() bool {
	for _, k := range s.secret() {
		for _, t := range s.times {
			for _, l := range []layout{usual(t), {faults: []Fault{{Code: MessageNoTime}}}} {
				if s.prefixes(k, l, t) {
					return true
				}
			}
		}
	}
	return false
}

func (s *search) prefixes(k key, l layout, t string) bool {
	body := s.q.Body
	if s.left -= int64(3 * len(body)); s.left < 0 {
		s.partial = true
		return false
	}
	h, ok := hmac.New(sha256.New, k.bytes).(hash.Cloner)
	if !ok {
		return false
	}
	h.Write([]byte(l.before))
	runes := utf8.RuneCount(body)
	units := len(encodeUTF16(body, false, false)) / 2
	for n := range body {
		if n > 0 {
			h.Write(body[n-1 : n])
		}
		near := len(body)-n <= 64 || len(body) <= 16<<10
		if !near && n%1000 != 0 && n%1024 != 0 && n != runes && n != units && n&(n+1) != 0 {
			continue
		}
		if s.left -= 4 * sha256.BlockSize; s.left < 0 {
			s.partial = true
			return false
		}
		s.counts[KindPrefix]++
		clone, err := h.Clone()
		if err != nil {
			return false
		}
		clone.Write([]byte(l.after))
		s.buf = clone.Sum(s.buf[:0])
		if c := s.claimed(t, s.buf); c != nil {
			s.found = together(c.faults, k.faults, l.faults, []Fault{{BodyTruncated, strconv.Itoa(n)}})
			return true
		}
	}
	return false
}

// holds tries one hypothesis.
func (s *search) holds(h try) bool {
	size := int64(len(h.layout.before) + len(h.body) + len(h.layout.after) + 4*sha256.BlockSize)
	if s.left -= size; s.left < 0 {
		s.partial = true
		return false
	}
	s.counts[h.kind]++
	var own []Fault
	if h.algorithm != nil {
		s.buf = h.algorithm.sum(h.key.bytes, h.layout.before, h.body, h.layout.after)
		own = h.algorithm.faults
	} else {
		s.buf = s.mac(h.key.bytes, h.layout.before, h.body, h.layout.after)
	}
	c := s.claimed(h.time, s.buf)
	if c == nil {
		return false
	}
	cut := []Fault(nil)
	if len(c.sum) < len(s.buf) && !unpadded(c, s.buf) {
		cut = []Fault{{EncodingTruncated, strconv.Itoa(len(c.sum))}}
	} else if !bytes.Equal(c.sum, s.buf) {
		cut = []Fault{{Code: EncodingUnpadded}}
	}
	s.found = together(c.faults, cut, h.key.faults, h.layout.faults, own, h.form)
	s.right = len(s.found) == len(c.faults)+len(cut)
	return true
}

// otherTime reports whether what was found is that another time than t was signed.
func (s *search) otherTime() bool {
	return slices.ContainsFunc(s.found, func(f Fault) bool { return f.Code == TimeShuffled })
}

func (s *search) mac(k []byte, before string, body []byte, after string) []byte {
	h := s.hashers[string(k)]
	if h == nil {
		h = hmac.New(sha256.New, k)
		s.hashers[string(k)] = h
	}
	h.Reset()
	h.Write([]byte(before))
	h.Write(body)
	h.Write([]byte(after))
	return h.Sum(s.buf[:0])
}

// claimed returns a claim of that time with that digest.
func (s *search) claimed(t string, sum []byte) *claim {
	for i := range s.claims {
		c := &s.claims[i]
		if c.time == t && (bytes.Equal(c.sum, sum) || len(c.sum) < len(sum) && bytes.HasPrefix(sum, c.sum) || unpadded(c, sum)) {
			return c
		}
	}
	return nil
}

// unpadded reports whether a claim is sum with its bytes, or the whole as one
// number, written without leading zeros, or as the signed bytes of Java.
func unpadded(c *claim, sum []byte) bool {
	if !c.odd || sum[0] != 0 && c.text[0] != hexDigit(sum[0]>>4) && c.text[0] != hexDigit(sum[0]&15) && c.text[0] != 'f' {
		return false
	}
	if strings.TrimLeft(hex.EncodeToString(sum), "0") == c.text {
		return true
	}
	var short, signed []byte
	for _, b := range sum {
		short = strconv.AppendUint(short, uint64(b), 16)
		signed = strconv.AppendUint(signed, uint64(uint32(int8(b))), 16)
	}
	return string(short) == c.text || string(signed) == c.text
}

func hexDigit(b byte) byte { return "0123456789abcdef"[b] }

// isOdd reports whether a digest's text is hex, but of no digest's length.
func isOdd(text string) bool {
	switch len(text) {
	case 32, 40, 56, 64, 96, 128:
		return false
	}
	return len(text) >= 32 && len(text) <= 256 && isHex(text)
}

func together(lists ...[]Fault) []Fault {
	all := []Fault{}
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// tried are the counts, in the order of the search.
func (s *search) tried() []Tried {
	var list []Tried
	for _, k := range []Kind{KindSecrets, KindSpelling, KindMessage, KindDigest, KindBody, KindPrefix, KindSeveral} {
		if s.counts[k] > 0 {
			list = append(list, Tried{k, s.counts[k]})
		}
	}
	return list
}
