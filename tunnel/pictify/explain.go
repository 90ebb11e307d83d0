package pictify

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"
)

// A NamedSecret is a secret and what people call it: "subscription wh_B".
type NamedSecret struct {
	Name   string
	Secret Secret
}

// A Question is what is known of a delivery that does not verify, or that a
// handler refuses although it does.
type Question struct {
	Header []Field // as received; of [SignatureHeader] there may be none or several
	Body   []byte  // as received
	Now    time.Time

	Secret Secret        // the one that it should verify with; zero if that is not known
	Others []NamedSecret // more that are known; the first [MaxSecrets] are tried

	// Cut says that only the beginning of the body was kept. Then nothing can be
	// computed, and Verdict is what was found when all of it was there.
	Cut     bool
	Verdict Verdict

	// The handler's own account, if there is one: the body as it saw it (nil if
	// that is not known), and the digest that it computed, written in any way.
	Handled  []byte
	Expected string

	Budget int64 // bytes that may be hashed; 0 is [DefaultBudget]
}

const (
	// MaxSecrets is how many secrets are tried beside the right one.
	MaxSecrets = 32
	// DefaultBudget is about a second of work.
	DefaultBudget = 1 << 30
)

// Explain finds why a delivery does not verify: the first mistake, or combination
// of up to three, under which its MAC is right, in a fixed order from likely to
// rare. It names nothing that it has not computed, except what the header shows
// by itself. With an account of the handler's it finds what the handler did instead.
//
// The same question gives the same answer. Its work is bounded by q.Budget, its
// memory by some multiples of the body and 64 MiB.
func Explain(q Question) Cause {
	q.Others = q.Others[:min(len(q.Others), MaxSecrets)]
	values := signatures(q.Header)
	r := readHeaders(values)
	c := Cause{Verdict: judge(q, values)}
	if len(values) == 0 {
		r = renamed(q.Header)
	}
	c.Age = ageOf(r.time, q.Now)
	if q.Expected != "" || q.Handled != nil && (c.Verdict == Valid || c.Verdict == Stale) {
		return ofHandler(q, r, c)
	}
	switch {
	case c.Verdict == Valid:
		return c
	case c.Verdict == Stale:
		c.Faults, c.Proven = timeFaults(r.time, q), true
		return c
	case q.Cut:
		c.Faults = shown(r, q)
		return c
	}
	s := newSearch(q, r.claims)
	if q.Handled != nil {
		c.Difference = differ(q.Body, q.Handled)
		if c.Difference != nil {
			s.subjects = append(s.subjects, subject{q.Handled, []Fault{{Code: BodyOfHandlerSigned}}})
		}
	}
	if s.run() {
		c.Faults, c.Proven = r.faults, true
		if !s.otherTime() { // else t is not the time of signing, and says nothing about its age
			c.Faults = append(c.Faults, timeFaults(r.time, q)...)
		}
		c.Faults = append(c.Faults, s.found...)
	} else {
		c.Faults = shown(r, q)
	}
	c.Tried, c.Partial = s.tried(), s.partial
	return c
}

// signatures are the values of the signature header, in any case.
func signatures(header []Field) []string {
	var values []string
	for _, f := range header {
		if strings.EqualFold(f.Name, SignatureHeader) {
			values = append(values, f.Value)
		}
	}
	return values
}

func judge(q Question, values []string) Verdict {
	switch {
	case q.Cut && q.Verdict != "", q.Verdict == Stale && q.Secret.IsZero():
		return q.Verdict
	case len(values) == 0:
		return Unsigned
	case len(values) > 1:
		return Malformed // as the receiver has it: two verifiers might each pick another
	}
	return VerdictOf(Verify(q.Secret, values[0], q.Body, q.Now))
}

// renamed looks for the signature under other names.
func renamed(header []Field) reading {
	for _, f := range header {
		name := strings.ToLower(f.Name)
		if !strings.Contains(name, "signature") && !strings.Contains(name, "hmac") && name != "authorization" {
			continue
		}
		if r := readHeaders([]string{f.Value}); len(r.claims) > 0 {
			r.faults = append([]Fault{{HeaderRenamed, clip(f.Name, 80)}}, r.faults...)
			return r
		}
	}
	return reading{faults: []Fault{{Code: HeaderMissing}}}
}

// shown is what can be said although no MAC is right: what header, time and length
// show by themselves.
func shown(r reading, q Question) []Fault {
	faults := r.faults
	for _, f := range timeFaults(r.time, q) {
		if f.Code == TimeUnit || f.Code == TimeForm {
			faults = append(faults, f)
		}
	}
	for _, c := range r.claims[:min(len(r.claims), 1)] {
		if len(c.sum) == sha256.Size { // else it may be anything
			faults = append(faults, c.faults...)
		}
	}
	if values := signatures(q.Header); len(faults) == 0 && len(values) == 1 {
		if _, err := ParseSignature(values[0]); err != nil {
			faults = append(faults, malformedBecause(err))
		}
	}
	text := fieldValue(q.Header, "Content-Length")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n != int64(len(q.Body)) && !q.Cut && fieldValue(q.Header, "Content-Encoding") == "" {
		faults = append(faults, Fault{BodyLength, text})
	}
	if len(faults) == 0 && q.Secret.IsZero() {
		faults = []Fault{{Code: KeyUnknown}}
	}
	return faults
}

func fieldValue(header []Field, name string) string {
	for _, f := range header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// ofHandler explains the handler's part in it.
func ofHandler(q Question, r reading, c Cause) Cause {
	c.Handler = true
	var seen []Fault // how its body differs
	if q.Handled != nil {
		if c.Difference = differ(q.Body, q.Handled); c.Difference != nil {
			seen = formOf(q.Body, q.Handled)
		}
	}
	if q.Expected == "" {
		c.Faults, c.Proven, c.Saw = seen, true, true
		switch {
		case c.Verdict == Stale:
			c.Faults = append(timeFaults(r.time, q), seen...)
		case c.Difference == nil:
			c.Faults = []Fault{{Code: HandlerSameBytes}}
		}
		return c
	}
	claims := digestsIn(q.Expected)
	for i := range claims {
		if claims[i].time == "" {
			claims[i].time = r.time
		}
	}
	s := newSearch(q, claims)
	if c.Difference != nil {
		s.subjects = append(s.subjects, subject{q.Handled, seen})
	}
	switch {
	case !s.run():
		c.Faults = seen
		c.Proven = len(seen) > 0
	case len(s.found) == 0 || s.right:
		c.Proven = true
		c.Faults = append(s.found, timeFaults(r.time, q)...)
		if len(c.Faults) == 0 && strings.ContainsAny(q.Expected, "ABCDEF") {
			c.Faults = []Fault{{Code: EncodingUpper}}
		}
		if len(c.Faults) == 0 {
			c.Faults = []Fault{{Code: CompareOnly}}
		}
	default:
		c.Faults, c.Proven = s.found, true
	}
	c.Tried, c.Partial = s.tried(), s.partial
	return c
}

// IsDigest reports whether text can be read as a digest, or as a header with one in it.
func IsDigest(text string) bool { return len(digestsIn(text)) > 0 }

// digestsIn are the digests that a handler says it computed.
func digestsIn(text string) []claim {
	if claims, ok := sumsIn(unquote(strings.Trim(text, blanks))); ok {
		return claims
	}
	return readHeaders([]string{text}).claims
}

// unquote cuts off one pair of quotes.
func unquote(s string) string {
	if len(s) > 1 && strings.IndexByte(quotes, s[0]) >= 0 && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// formOf says what a handler's body is, compared with the one sent.
func formOf(sent, seen []byte) []Fault {
	for fault, form := range newBodies(sent).all() {
		if bytes.Equal(form, seen) {
			return []Fault{fault}
		}
	}
	if bytes.HasPrefix(sent, seen) {
		return []Fault{{BodyTruncated, strconv.Itoa(len(seen))}}
	}
	return []Fault{{Code: BodyOther}}
}
