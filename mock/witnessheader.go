package mock

import (
	"net/http"
	"slices"
	"strings"
)

// Bounds of the headers in an entry of the journal.
const (
	maxEntryFields = 40
	maxFieldValue  = 300 // bytes
)

// publicHeader is a header as the journal shows it: names in order, values without
// secrets, each cut to a line.
func publicHeader(h http.Header) [][2]string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	var fields [][2]string
	for _, name := range names {
		for _, value := range h[name] {
			if len(fields) == maxEntryFields {
				return fields
			}
			if isSecretName(name) || looksSecret(value) || strings.HasPrefix(value, "Basic ") {
				value = redacted
			}
			fields = append(fields, [2]string{cutText(name, 100), cutText(value, maxFieldValue)})
		}
	}
	return fields
}

// fieldsSize is what fields take, about.
func fieldsSize(fields [][2]string) (n int) {
	for _, f := range fields {
		n += 40 + len(f[0]) + len(f[1])
	}
	return n
}
