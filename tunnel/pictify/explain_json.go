package pictify

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of what is taken apart in order to write it again.
const (
	maxTokens = 1 << 19 // values and names; 6 MiB of them
	maxDepth  = 256
)

// A tape is a JSON text taken apart without copying it: its values in the order
// in which they stand, each with where the next one after it begins, so that a
// value is passed over in one step however large it is.
type tape struct {
	text   []byte
	tokens []token
	orders [numOrders]map[uint32][]uint32 // of the members of objects, where they are not as written
}

// A token is a value, or the name of a member, which stands before its value.
type token struct {
	start, end uint32 // in the text
	next       uint32 // token after this value and all that is in it
}

// An order is one in which a writer writes the members of an object.
type order int

const (
	asWritten order = iota
	once            // a repeated name once, where it was first, with its last value: what maps do that keep an order
	ofJS            // like once, with names that are array indices before the others, ascending
	byName          // sorted by their bytes
	byLength        // shorter names first: PostgreSQL's jsonb, MySQL's JSON
	numOrders
)

// readTape takes a JSON text apart. It refuses what is no JSON, and what is too
// large or too deep.
func readTape(text []byte) (*tape, bool) {
	if len(text) > 1<<30 || !json.Valid(text) {
		return nil, false
	}
	t := &tape{text: text}
	var open []uint32
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		case '}', ']':
			i++
			top := open[len(open)-1]
			open = open[:len(open)-1]
			t.tokens[top].end, t.tokens[top].next = uint32(i), uint32(len(t.tokens))
			continue
		case '{', '[':
			if len(open) == maxDepth {
				return nil, false
			}
			open = append(open, uint32(len(t.tokens)))
			t.tokens = append(t.tokens, token{start: uint32(i)})
			i++
		default:
			n := valueLen(text[i:])
			t.tokens = append(t.tokens, token{uint32(i), uint32(i + n), uint32(len(t.tokens) + 1)})
			i += n
		}
		if len(t.tokens) > maxTokens {
			return nil, false
		}
	}
	return t, true
}

func (t *tape) value(i uint32) []byte { return t.text[t.tokens[i].start:t.tokens[i].end] }

// children are the tokens in an array, or the names in an object, as written.
func (t *tape) children(i uint32) []uint32 {
	step := t.text[t.tokens[i].start] == '{'
	var list []uint32
	for at := i + 1; at < t.tokens[i].next; at = t.tokens[at].next {
		list = append(list, at)
		if step {
			at++ // past the name, to its value
		}
	}
	return list
}

// members are the names in the object at i in an order.
func (t *tape) members(i uint32, how order) []uint32 {
	list := t.children(i)
	if how == asWritten || len(list) < 2 {
		return list
	}
	if sorted, ok := t.orders[how][i]; ok {
		return sorted
	}
	if t.orders[how] == nil {
		t.orders[how] = make(map[uint32][]uint32)
	}
	list = t.sorted(list, how)
	t.orders[how][i] = list
	return list
}

func (t *tape) sorted(list []uint32, how order) []uint32 {
	names := make(map[uint32]string, len(list))
	place := make(map[string]int, len(list))
	kept := list[:0]
	for _, at := range list {
		name := textIn(t.value(at))
		names[at] = name
		if p, again := place[name]; again {
			names[at] = name
			kept[p] = at
			continue
		}
		place[name] = len(kept)
		kept = append(kept, at)
	}
	switch how {
	case byName:
		slices.SortStableFunc(kept, func(a, b uint32) int { return strings.Compare(names[a], names[b]) })
	case byLength:
		slices.SortStableFunc(kept, func(a, b uint32) int {
			if n := len(names[a]) - len(names[b]); n != 0 {
				return n
			}
			return strings.Compare(names[a], names[b])
		})
	case ofJS:
		slices.SortStableFunc(kept, func(a, b uint32) int {
			x, y := index(names[a]), index(names[b])
			switch {
			case x == y: // neither is one: equal names are there once
				return 0
			case x < y:
				return -1
			}
			return 1
		})
	}
	return kept
}

// index is the array index that a name is in JavaScript, or a number above all of them.
func index(name string) uint64 {
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil || n == 1<<32-1 || strconv.FormatUint(n, 10) != name {
		return 1 << 32
	}
	return n
}

// textIn decodes a JSON string, quotes included. Half of a surrogate pair is kept
// as its three bytes would be (WTF-8), so that who writes \ud800 for it still can.
func textIn(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); {
		if inner[i] != '\\' {
			out = append(out, inner[i])
			i++
			continue
		}
		i += 2
		switch c := inner[i-1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := unit(inner[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 <= len(inner) && inner[i] == '\\' && inner[i+1] == 'u' {
					if pair := utf16.DecodeRune(r, unit(inner[i+2:])); pair != utf8.RuneError {
						out = utf8.AppendRune(out, pair)
						i += 6
						continue
					}
				}
				out = append(out, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
				continue
			}
			out = utf8.AppendRune(out, r)
		default: // " \ /
			out = append(out, c)
		}
	}
	return string(out)
}

// unit is the number in the four hex digits that s begins with.
func unit(s []byte) rune {
	n, _ := strconv.ParseUint(string(s[:4]), 16, 16) // valid JSON has them
	return rune(n)
}

// surrogate reports whether s begins with half of a surrogate pair as textIn keeps it.
func surrogate(s string) (rune, bool) {
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2]&0xc0 == 0x80 {
		return rune(s[0]&0x0f)<<12 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
	}
	return 0, false
}
