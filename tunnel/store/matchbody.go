package store

import (
	"bytes"
	"encoding/json"
	"iter"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pictap/tunnel/pictify"
)

// A pathTest looks at a value in the body: at the first of its paths where it finds
// one that holds.
type pathTest struct {
	key   string // "" if it is the path
	paths [][]pattern
	any   []valueTest
}

func (t pathTest) match(c *candidate) bool {
	for _, path := range t.paths {
		// Whether it is JSON at all is asked last, because that reads every byte.
		if c.mayHave(path) && find(c.Body, path, t.holds) && json.Valid(c.Body) {
			return true
		}
	}
	return false
}

func (t pathTest) holds(value []byte) bool {
	return slices.ContainsFunc(t.any, func(v valueTest) bool { return v.match(value) })
}

func (t pathTest) String() string {
	key := t.key
	if key == "" {
		steps := make([]string, len(t.paths[0]))
		for i, step := range t.paths[0] {
			steps[i] = step.String()
			if strings.Contains(steps[i], ".") {
				steps[i] = step.join(quoteAlways)
			}
		}
		key = strings.Join(steps, ".")
	}
	return list(key, t.any)
}

// mayHave is false when the body surely has nothing at the path, because its last
// name is nowhere in it: to look for bytes is quicker than to read JSON.
func (c *candidate) mayHave(path []pattern) bool {
	last := path[len(path)-1]
	return len(last) > 1 || bytes.Contains(c.Body, []byte(last[0])) || bytes.IndexByte(c.Body, '\\') >= 0 || isIndex(last[0])
}

// find calls holds with what is at the path below value until it is true. A step
// is the name of a member, of which the last of that name counts, or the number of
// an element, from 0. Of broken JSON it finds something or nothing.
func find(value []byte, path []pattern, holds func([]byte) bool) bool {
	value = bytes.TrimLeft(value, " \t\r\n")
	if len(path) == 0 || len(value) == 0 {
		return len(value) > 0 && holds(value)
	}
	step, rest := path[0], path[1:]
	if value[0] == '[' && (step.isAnything() || isIndex(step[0])) {
		for i, element := range elementsOf(value) {
			if step.match(strconv.Itoa(i)) && find(element, rest, holds) {
				return true
			}
		}
		return false
	}
	var found map[string][]byte
	var last []byte
	for name, member := range pictify.Members(value) {
		switch {
		case len(step) > 1 && step.match(string(name)):
			if found == nil {
				found = make(map[string][]byte)
			}
			found[string(name)] = member
		case len(step) == 1 && string(name) == step[0]:
			last = member
		}
	}
	for _, member := range found {
		if find(member, rest, holds) {
			return true
		}
	}
	return last != nil && find(last, rest, holds)
}

func isIndex(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func elementsOf(value []byte) (elements []json.RawMessage) {
	_ = json.Unmarshal(value, &elements) // what is no JSON has none
	return elements
}

// A valueTest compares a JSON value.
type valueTest struct {
	op   string // "=", ">", ">=", "<" or "<="
	want pattern
}

func (t valueTest) match(value []byte) bool {
	if t.op == "=" && t.want.isAnything() {
		return true
	}
	switch value[0] {
	case '[': // any element will do, but lists of lists are not searched
		return slices.ContainsFunc(elementsOf(value), func(e json.RawMessage) bool {
			return e[0] != '[' && t.match(e)
		})
	case '{':
		return false
	case '"':
		var s string
		return json.Unmarshal(value, &s) == nil && t.matchText(s, false)
	}
	return t.matchText(string(bytes.TrimRight(value, " \t\r\n")), value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}

// matchText compares a text. A JSON number is also equal to one that is written
// otherwise, and a text that is a number can be compared as one.
func (t valueTest) matchText(s string, number bool) bool {
	if t.op == "=" && t.want.match(s) {
		return true
	}
	if t.op == "=" && (!number || len(t.want) > 1) || !isNumber(s) || !isNumber(t.want[0]) {
		return false
	}
	order := compareNumbers(s, t.want[0])
	switch t.op {
	case ">":
		return order > 0
	case ">=":
		return order >= 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	}
	return order == 0
}

func (t valueTest) String() string {
	if t.op == "=" {
		return t.want.String()
	}
	return t.op + t.want[0]
}

func isNumber(s string) bool {
	if s == "" || len(s) > 400 || strings.Trim(s, "0123456789+-.eE") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || strings.Contains(err.Error(), "range")
}

// compareNumbers compares whole numbers exactly, others as float64.
func compareNumbers(a, b string) int {
	x, ok1 := new(big.Int).SetString(a, 10)
	y, ok2 := new(big.Int).SetString(b, 10)
	if ok1 && ok2 {
		return x.Cmp(y)
	}
	f, _ := strconv.ParseFloat(a, 64) // out of range is infinite, which orders well
	g, _ := strconv.ParseFloat(b, 64)
	switch {
	case f < g:
		return -1
	case f > g:
		return 1
	}
	return 0
}

// A textTest looks for a text in either case.
type textTest struct {
	typed pattern
	lower pattern // typed, in lower case
}

func newTextTest(p pattern) textTest {
	t := textTest{typed: p}
	for _, part := range p {
		t.lower = append(t.lower, strings.ToLower(part))
	}
	return t
}

func (t textTest) match(c *candidate) bool {
	if t.isIn(c, []byte(c.Event)) || t.isIn(c, []byte(c.DeliveryID)) || t.isIn(c, []byte(c.Subscription)) || t.isIn(c, c.Body) {
		return true
	}
	if bytes.IndexByte(c.Body, '\\') < 0 {
		return false
	}
	for literal := range literalsOf(c.Body) { // the text may be there with escapes
		var s string
		if bytes.IndexByte(literal, '\\') >= 0 && json.Unmarshal(literal, &s) == nil && t.isIn(c, []byte(s)) {
			return json.Valid(c.Body) // asked last, because that reads every byte
		}
	}
	return false
}

// literalsOf yields what stands in quotes in text, with them: of JSON, all names and
// texts.
func literalsOf(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			start := bytes.IndexByte(text, '"')
			if start < 0 {
				return
			}
			end := start + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(text) || !yield(text[start:end+1]) {
				return
			}
			text = text[end+1:]
		}
	}
}

func (t textTest) isIn(c *candidate, text []byte) bool {
	c.scratch = appendLower(c.scratch[:0], text)
	text = c.scratch
	for _, part := range t.lower {
		i := bytes.Index(text, []byte(part))
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// appendLower is bytes.ToLower into memory that is there.
func appendLower(low, text []byte) []byte {
	for i := 0; i < len(text); {
		b := text[i]
		if b < utf8.RuneSelf {
			if b-'A' < 26 {
				b |= 0x20
			}
			low = append(low, b)
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		low = utf8.AppendRune(low, unicode.ToLower(r))
		i += size
	}
	return low
}

func (t textTest) String() string {
	text := t.typed.String()
	if again, err := parseBareText(text); err != nil || again != text {
		text = t.typed.join(quoteAlways)
	}
	return text
}

// parseBareText returns what text, as a word without a key, is printed as when it is
// taken for something else than text.
func parseBareText(text string) (string, error) {
	lexed, err := lexSearch(text)
	if err != nil || len(lexed) != 1 {
		return "", err
	}
	w, err := parseWord(lexed[0])
	if _, ok := w.test.(textTest); err != nil || !ok || w.not {
		return "", err
	}
	return text, nil
}
