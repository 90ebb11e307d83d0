package check

import (
	"bytes"
	"encoding/json"
)

// sortedJSON is body parsed and written anew as Go does it: keys in order, <, > and
// & as escapes.
func sortedJSON(body []byte) []byte {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	out, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return out
}

// spacedJSON is compact JSON as Python's json.dumps writes it by default: a blank
// after each colon and comma. It would escape what is not ASCII; body must be.
func spacedJSON(body []byte) []byte {
	var b bytes.Buffer
	quoted := false
	for i, c := range body {
		if c == '"' && !escaped(body[:i]) {
			quoted = !quoted
		}
		b.WriteByte(c)
		if !quoted && (c == ':' || c == ',') {
			b.WriteByte(' ')
		}
	}
	return b.Bytes()
}

// escaped reports whether what follows b is after a backslash that counts.
func escaped(b []byte) bool {
	n := len(b) - len(bytes.TrimRight(b, `\`))
	return n%2 == 1
}
