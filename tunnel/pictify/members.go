package pictify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"unicode/utf8"
)

// Members iterates over the members of a JSON object: each name decoded, each value
// as it stands, a repeated name as often as it is there. It does not validate: of
// what is no object it yields nothing, of broken JSON what it can make out.
func Members(object []byte) iter.Seq2[[]byte, []byte] { return members(object) }

// members iterates over the members of a JSON object: each name decoded, each
// value as it stands. Unlike encoding/json it compares nothing case-insensitively,
// keeps repeated names apart, and allocates nothing; every delivery passes here.
//
// It does not validate. Given something that is not an object it yields nothing,
// given broken JSON it yields what it can make out and stops; it never panics.
func members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		rest := skipSpace(object)
		if len(rest) == 0 || rest[0] != '{' {
			return
		}
		for {
			rest = skipSpace(rest[1:]) // past '{' or ','
			n := valueLen(rest)
			if n < 2 || rest[0] != '"' {
				return
			}
			key := rest[:n]
			rest = skipSpace(rest[n:])
			if len(rest) == 0 || rest[0] != ':' {
				return
			}
			rest = skipSpace(rest[1:])
			n = valueLen(rest)
			if n == 0 || !yield(nameOf(key), rest[:n]) {
				return
			}
			rest = skipSpace(rest[n:])
			if len(rest) == 0 || rest[0] != ',' {
				return
			}
		}
	}
}

// decodeExact reads the members of object that into names, by exact name, each
// into the pointer given for it. A name that appears twice is refused: which of
// the two a later reader would believe is anybody's guess.
func decodeExact(object []byte, into map[string]any) error {
	seen := make(map[string]bool, len(into))
	for key, value := range members(object) {
		target, wanted := into[string(key)]
		if !wanted {
			continue
		}
		if seen[string(key)] {
			return fmt.Errorf("%s appears twice", key)
		}
		seen[string(key)] = true
		if err := json.Unmarshal(value, target); err != nil {
			return fmt.Errorf("%s has the wrong type", key) // the cause may quote a secret
		}
	}
	return nil
}

// textOf decodes a JSON string; false when value is none.
func textOf(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	if inner := value[1 : len(value)-1]; plain(inner) {
		return string(inner), true
	}
	var s string
	return s, json.Unmarshal(value, &s) == nil
}

// nameOf decodes a member's name, which is a string, without copying when
// nothing in it is escaped.
func nameOf(quoted []byte) []byte {
	if inner := quoted[1 : len(quoted)-1]; plain(inner) {
		return inner
	}
	s, _ := textOf(quoted)
	return []byte(s)
}

// plain reports whether the inside of a JSON string means itself.
func plain(inner []byte) bool {
	return bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner)
}

// isObject reports whether value, without white space before it, is an object if
// it is anything.
func isObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// valueLen returns the length of the JSON value that b begins with, 0 when it is
// cut short or is none.
func valueLen(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case '"':
		return stringLen(b)
	case '{', '[':
		return nestedLen(b)
	}
	if n := bytes.IndexAny(b, ",:]} \t\r\n"); n >= 0 {
		return n
	}
	return len(b)
}

// stringLen is valueLen for a string: up to the quote that no backslash hides.
func stringLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// nestedLen is valueLen for an object or array. It counts brackets without telling
// them apart, which valid JSON makes unnecessary.
func nestedLen(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			n := stringLen(b[i:])
			if n == 0 {
				return 0
			}
			i += n - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}
