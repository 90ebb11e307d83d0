package store

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Match reports whether all words hold for d, as of now. Words that look into the
// body find nothing in a summary, see [Search.NeedsBody]; "last" is nobody's number
// until [Store.Resolve] has given it one.
func (s Search) Match(d Delivery, now time.Time) bool {
	return s.holds(&candidate{Delivery: &d, now: now})
}

func (s Search) holds(c *candidate) bool {
	for _, w := range s.words {
		if w.test.match(c) == w.not {
			return false
		}
	}
	return true
}

// NeedsBody reports whether some word looks into the body.
func (s Search) NeedsBody() bool {
	return slices.ContainsFunc(s.words, func(w searchWord) bool { return looksIntoBody(w.test) })
}

func looksIntoBody(t searchTest) bool {
	switch t.(type) {
	case pathTest, textTest:
		return true
	}
	return false
}

// A candidate is a delivery that words are tried on.
type candidate struct {
	*Delivery
	now time.Time

	scratch []byte // for a text in lower case
}

// A pattern is a text with * for anything: the literal parts between the stars.
// There is at least one part.
type pattern []string

func newPattern(l lexedWord) pattern {
	var p pattern
	for _, part := range l.split('*', 0) {
		p = append(p, part.String())
	}
	return p
}

func (p pattern) isEmpty() bool { return strings.Join(p, "") == "" }

func (p pattern) isAnything() bool { return len(p) > 1 && p.isEmpty() }

// match compares the whole of s, every letter as it is.
func (p pattern) match(s string) bool {
	first, last := p[0], p[len(p)-1]
	if len(p) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range p[1 : len(p)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}

func (p pattern) String() string {
	return p.join(quoteIfNeeded)
}

func (p pattern) join(quote func(string) string) string {
	parts := make([]string, len(p))
	for i, part := range p {
		if part != "" || len(p) == 1 {
			parts[i] = quote(part)
		}
	}
	return strings.Join(parts, "*")
}

// list writes alternatives.
func list[T interface{ String() string }](key string, any []T) string {
	texts := make([]string, len(any))
	for i, v := range any {
		texts[i] = v.String()
	}
	return key + ":" + strings.Join(texts, ",")
}

// A globTest compares a short text of the delivery with patterns.
type globTest struct {
	key, column string
	any         []pattern
}

func (t globTest) match(c *candidate) bool {
	s := c.DeliveryID
	if t.column == "event" {
		s = string(c.Event)
	}
	return slices.ContainsFunc(t.any, func(p pattern) bool { return p.match(s) })
}

func (t globTest) String() string { return list(t.key, t.any) }

// A oneOfTest compares one of the delivery's words of ours.
type oneOfTest struct {
	column string // also the key
	any    []string
}

func (t oneOfTest) match(c *candidate) bool {
	word := map[string]string{"verdict": string(c.Verdict), "state": string(c.State), "source": string(c.Source)}[t.column]
	return slices.Contains(t.any, word)
}

func (t oneOfTest) String() string { return t.column + ":" + strings.Join(t.any, ",") }

// A numberRange is a comparison: the lowest and the highest number that fulfil it.
type numberRange struct {
	text      string // as typed
	low, high int64
}

func (r numberRange) holds(n int64) bool { return r.low <= n && n <= r.high }

func inRanges(any []numberRange, n int64) bool {
	return slices.ContainsFunc(any, func(r numberRange) bool { return r.holds(n) })
}

func (r numberRange) String() string { return r.text }

// A statusTest asks for the last answer. None is 0, as for an attempt without one.
type statusTest struct{ any []numberRange }

func (t statusTest) match(c *candidate) bool {
	status := 0
	if n := len(c.Attempts); n > 0 {
		status = c.Attempts[n-1].Status
	}
	return inRanges(t.any, int64(status))
}

func (t statusTest) String() string { return list("status", t.any) }

// A countTest compares a number of the delivery.
type countTest struct {
	key, column string
	any         []numberRange
}

func (t countTest) match(c *candidate) bool {
	n := map[string]int64{"attempts": int64(c.AttemptCount), "arrivals": int64(c.Arrivals), "size": c.BodySize}[t.column]
	return inRanges(t.any, n)
}

func (t countTest) String() string { return list(t.key, t.any) }

// A timeTest asks when the delivery came in: before a time, or not before it.
type timeTest struct {
	before bool
	text   string        // as typed, for a time that depends on now
	ago    time.Duration // likewise
	at     time.Time     // else
}

// cut is the time in microseconds, as times are stored.
func (t timeTest) cut(now time.Time) int64 {
	if t.text != "" {
		return now.Add(-t.ago).UnixMicro()
	}
	return t.at.UnixMicro()
}

func (t timeTest) match(c *candidate) bool {
	return t.before == (micros(c.ReceivedAt) < t.cut(c.now))
}

func (t timeTest) String() string {
	key, text := "after:", t.text
	if t.before {
		key = "before:"
	}
	if text == "" {
		text = t.at.Format(time.RFC3339Nano)
	}
	return key + text
}

const maxSeq = 1<<63 - 1

// An idRef is the number of a delivery, or, if last is set, how many are newer.
type idRef struct {
	last bool
	n    int64
}

func (r idRef) String() string {
	switch {
	case r.last && r.n == 0:
		return "last"
	case r.last:
		return "last~" + strconv.FormatInt(r.n, 10)
	}
	return Delivery{Seq: r.n}.ID()
}

type idRange struct{ from, to idRef }

func (r idRange) String() string {
	switch {
	case r.from == r.to:
		return r.from.String()
	case r.to == idRef{n: maxSeq}:
		return r.from.String() + ".."
	}
	return r.from.String() + ".." + r.to.String()
}

// An idTest asks for numbers.
type idTest struct{ any []idRange }

func (t idTest) match(c *candidate) bool {
	return slices.ContainsFunc(t.any, func(r idRange) bool {
		return !r.from.last && !r.to.last && r.from.n <= c.Seq && c.Seq <= r.to.n
	})
}

func (t idTest) String() string { return strings.TrimPrefix(list("", t.any), ":") }
