package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A keyParser makes a test of the alternatives behind a key's colon.
type keyParser func(key string, choices []part) (searchTest, error)

func words[T ~string](list ...T) []string {
	var all []string
	for _, w := range list {
		all = append(all, string(w))
	}
	return all
}

func parseWord(l lexedWord) (w searchWord, err error) {
	if len(l) > 1 && (l.is(0, '!') || l.is(0, '-')) {
		w.not, l = true, l[1:]
	}
	if i := l.index(':'); i > 0 && looksLikeKey(l[:i]) && !(l.is(i+1, '/') && l.is(i+2, '/')) {
		w.test, err = parseKey(l[:i], l[i+1:], l[i].pos)
		return w, err
	}
	w.test, err = parseBare(l)
	return w, err
}

// looksLikeKey tells "evnt:x", which is a mistake, from "10:30", which is a text.
func looksLikeKey(key lexedWord) bool {
	if isPath(key) {
		return true
	}
	for i, l := range key {
		if l.quoted || !(l.r >= 'a' && l.r <= 'z' || l.r >= 'A' && l.r <= 'Z' || i > 0 && strings.ContainsRune("0123456789_.-", l.r)) {
			return false
		}
	}
	return true
}

func isPath(key lexedWord) bool {
	first := key.split('.', 0)[0]
	return first.String() == "data" && len(first.lexedWord) < len(key)
}

func parseKey(key, rest lexedWord, colon int) (searchTest, error) {
	choices := rest.split(',', colon+1)
	if len(choices) > maxChoices {
		return nil, &SearchError{choices[maxChoices].pos, fmt.Sprintf("a word has at most %d alternatives", maxChoices), ""}
	}
	for _, c := range choices {
		if len(c.lexedWord) == 0 {
			return nil, &SearchError{c.pos, fmt.Sprintf("a value is missing for %s", key), fmt.Sprintf(`%s:"" is the empty text`, key)}
		}
		if c.is(0, '!') {
			return nil, &SearchError{c.pos, "! stands in front of the whole word", fmt.Sprintf("!%s:%s, or in quotes if it is part of the value", key, c.lexedWord[1:])}
		}
	}
	if isPath(key) {
		return parsePath(key, choices)
	}
	for _, k := range searchKeys() {
		if k.Key == key.String() {
			return k.parse(k.Key, choices)
		}
	}
	return nil, unknownKey(key, rest)
}

func unknownKey(key, rest lexedWord) error {
	err := &SearchError{Pos: key[0].pos, Text: fmt.Sprintf("there is no key %q", key)}
	names := []string{"data."}
	for _, k := range searchKeys() {
		names = append(names, k.Key)
	}
	if near := nearest(key.String(), names); near != "" {
		err.Hint = fmt.Sprintf("did you mean %s:%s? A text with a colon goes in quotes", near, rest)
		if near == "data." {
			err.Hint = "did you mean a path such as data.width? A text with a colon goes in quotes"
		}
		return err
	}
	err.Hint = "a path into the body begins with data. and a text with a colon goes in quotes: " + quoteAlways(key.String()+":"+rest.String())
	return err
}

// parseBare reads a word without a key: numbers of deliveries, an id of Pictify's,
// or text.
func parseBare(l lexedWord) (searchTest, error) {
	choices := l.split(',', l[0].pos)
	if ids, err := parseIDs("", choices); err == nil && len(choices) <= maxChoices {
		return ids, nil
	}
	if text := l.String(); !l[0].quoted && strings.HasPrefix(text, "del_") && len(text) > len("del_") && len(choices) == 1 {
		return parseGlobs("delivery_id")("delivery", choices)
	}
	p := newPattern(l)
	if p.isEmpty() {
		return nil, &SearchError{l[0].pos, "there is nothing to look for", "leave the word out to find all"}
	}
	return newTextTest(p), nil
}

// operator cuts a comparison off the front of a value; "=" is the same as none.
func operator(v lexedWord) (op string, rest lexedWord) {
	switch {
	case (v.is(0, '>') || v.is(0, '<')) && v.is(1, '='):
		return string(v[0].r) + "=", v[2:]
	case v.is(0, '>') || v.is(0, '<'):
		return string(v[0].r), v[1:]
	case v.is(0, '='):
		return "=", v[1:]
	}
	return "=", v
}

func parseGlobs(column string) keyParser {
	return func(key string, choices []part) (searchTest, error) {
		t := globTest{key: key, column: column}
		for _, c := range choices {
			op, rest := operator(c.lexedWord)
			if op != "=" {
				return nil, &SearchError{c.pos, fmt.Sprintf("%s cannot be compared with %s", key, op), "name one, or several with *"}
			}
			t.any = append(t.any, newPattern(rest))
		}
		return t, nil
	}
}

func parseOneOf(column string, known []string) keyParser {
	return func(key string, choices []part) (searchTest, error) {
		t := oneOfTest{column: column}
		for _, c := range choices {
			word := c.String()
			if !slices.Contains(known, word) {
				err := &SearchError{c.pos, fmt.Sprintf("there is no %s %q", key, word), key + " is " + strings.Join(known, ", ")}
				if near := nearest(word, known); near != "" {
					err.Hint = "did you mean " + near + "? " + err.Hint
				}
				return nil, err
			}
			if word == "held" { // as the terminal says
				word = string(Waiting)
			}
			t.any = append(t.any, word)
		}
		return t, nil
	}
}

// parseStatus reads 404, 5xx, >=500 and none.
func parseStatus(_ string, choices []part) (searchTest, error) {
	var t statusTest
	for _, c := range choices {
		op, rest := operator(c.lexedWord)
		text := rest.String()
		r := numberRange{text: c.String()}
		switch n, err := strconv.Atoi(text); {
		case text == "none" && op == "=":
			r.text = "none"
		case len(text) == 3 && strings.EqualFold(text[1:], "xx") && text[0] >= '1' && text[0] <= '9' && op == "=":
			r.low = int64(text[0]-'0') * 100
			r.high = r.low + 99
		case err != nil || n < 1 || n > 999 || strings.HasPrefix(text, "+"):
			return nil, &SearchError{c.pos, fmt.Sprintf("%q is not a status", c), "a status is 404, 5xx, >=500, or none when there was no answer"}
		default:
			r.low, r.high = bounds(op, int64(n), 1, 999)
		}
		t.any = append(t.any, r)
	}
	return t, nil
}

// bounds turns a comparison into the lowest and the highest number for which it holds.
func bounds(op string, n, low, high int64) (int64, int64) {
	switch op {
	case ">":
		return n + 1, high
	case ">=":
		return n, high
	case "<":
		return low, n - 1
	case "<=":
		return low, n
	}
	return n, n
}

const maxCount = 1 << 53

func parseCount(column string) keyParser {
	return func(key string, choices []part) (searchTest, error) {
		t := countTest{key: key, column: column}
		for _, c := range choices {
			op, rest := operator(c.lexedWord)
			n, err := strconv.ParseUint(rest.String(), 10, 53)
			if err != nil {
				return nil, &SearchError{c.pos, fmt.Sprintf("%q is not a number", c), key + ":3, " + key + ":>1 or " + key + ":<=2"}
			}
			r := numberRange{text: c.String()}
			r.low, r.high = bounds(op, int64(n), 0, maxCount)
			t.any = append(t.any, r)
		}
		return t, nil
	}
}
