package command

import (
	"bytes"
	"regexp"
)

// A span is a part of a text, from its first byte to behind its last.
type span struct{ from, to int }

// An assignment is where an env file sets a variable: its value with the
// quotes, but without blanks and comment behind it.
type assignment struct {
	name  string
	value span
}

// assignmentForm is the start of a line that sets a variable, up to the equals sign.
// The byte-order mark is for files that Windows editors wrote.
var assignmentForm = regexp.MustCompile(`^(?:\x{FEFF})?[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=`)

// tailForm is what may stand on a line behind a value in quotes; with anything
// else there, the quotes are not around the whole value.
var tailForm = regexp.MustCompile(`^[ \t]*\r?$|^[ \t]+#`)

// assignments finds what an env file sets, as the common dotenv libraries read
// it: a value in quotes may go over several lines (so a line inside such a
// value sets nothing), others end at a comment or with the line.
func assignments(text []byte) []assignment {
	var found []assignment
	for at := 0; at < len(text); {
		end := lineEnd(text, at)
		m := assignmentForm.FindSubmatchIndex(text[at:end])
		if m == nil {
			at = end + 1
			continue
		}
		value := valueSpan(text, at+m[1], end)
		found = append(found, assignment{string(text[at+m[2] : at+m[3]]), value})
		at = lineEnd(text, value.to) + 1
	}
	return found
}

// lineEnd is the index of the next line feed, or of the text's end.
func lineEnd(text []byte, from int) int {
	if i := bytes.IndexByte(text[from:], '\n'); i >= 0 {
		return from + i
	}
	return len(text)
}

// valueSpan is the value behind the equals sign that ends at equals, on a line
// that ends at end. An empty value is at equals, before blanks and a comment.
func valueSpan(text []byte, equals, end int) span {
	from := equals + len(text[equals:end]) - len(bytes.TrimLeft(text[equals:end], " \t"))
	if from < end && bytes.IndexByte([]byte("\"'`"), text[from]) >= 0 {
		if to := closingQuote(text, from) + 1; to > 0 && tailForm.Match(text[to:lineEnd(text, to)]) {
			return span{from, to}
		}
	}
	to := end
	for i := max(from, equals+1); i < end; i++ {
		if text[i] == '#' && (text[i-1] == ' ' || text[i-1] == '\t') {
			to = i
			break
		}
	}
	value := bytes.TrimRight(text[from:to], " \t\r")
	if len(value) == 0 {
		return span{equals, equals}
	}
	return span{from, from + len(value)}
}

// closingQuote is the index of the quote that ends the one at from, or -1.
// Only in double quotes does a backslash protect a quote.
func closingQuote(text []byte, from int) int {
	quote := text[from]
	for i := from + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote:
			return i
		}
	}
	return -1
}
