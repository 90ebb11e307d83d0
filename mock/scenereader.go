package mock

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A sceneReader reads TSX as far as it takes to find the ends of things. It goes over
// its text once.
type sceneReader struct{ rest string }

// space skips blanks and comments.
func (r *sceneReader) space() {
	for {
		r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace)
		switch {
		case strings.HasPrefix(r.rest, "//"):
			_, r.rest, _ = strings.Cut(r.rest, "\n")
		case strings.HasPrefix(r.rest, "/*"):
			_, r.rest, _ = strings.Cut(r.rest[2:], "*/")
		default:
			return
		}
	}
}

// take skips a sign, when it is the next.
func (r *sceneReader) take(sign string) bool {
	r.space()
	after, ok := strings.CutPrefix(r.rest, sign)
	if ok {
		r.rest = after
	}
	return ok
}

// word takes a name, "" when there is none.
func (r *sceneReader) word() string {
	r.space()
	rest := strings.TrimLeftFunc(r.rest, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || c == '_' || c == '$' })
	name := r.rest[:len(r.rest)-len(rest)]
	r.rest = rest
	return name
}

// key takes the name of a field, "" of what has none. It reports whether there is a field.
func (r *sceneReader) key() (string, bool) {
	if r.quoted() {
		return r.text()
	}
	return r.word(), r.rest != "" && r.rest[0] != '}'
}

func (r *sceneReader) quoted() bool {
	r.space()
	return r.rest != "" && strings.IndexByte("\"'`", r.rest[0]) >= 0
}

// text takes a literal in quotes. It is not one when it is not closed, or is put together.
func (r *sceneReader) text() (string, bool) {
	quote := r.rest[0]
	var b strings.Builder
	for i := 1; i < len(r.rest); i++ {
		switch c := r.rest[i]; {
		case c == quote:
			r.rest = r.rest[i+1:]
			return strings.ToValidUTF8(b.String(), "\uFFFD"), true
		case c == '\n' && quote != '`', c == '$' && quote == '`' && strings.HasPrefix(r.rest[i:], "${"):
			return "", false
		case c == '\\' && i+1 < len(r.rest):
			i += escaped(r.rest[i+1:], &b)
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// escaped writes what the escape means that rest begins with, without its backslash, and
// returns how many bytes of rest it takes.
func escaped(rest string, b *strings.Builder) int {
	switch c := rest[0]; c {
	case 'n', 't', 'r':
		b.WriteByte(map[byte]byte{'n': '\n', 't': '\t', 'r': '\r'}[c])
	case '\n': // goes on in the next line
	case 'u':
		digits, taken := "", 0
		if inner, _, ok := strings.Cut(rest[1:min(len(rest), 10)], "}"); ok && inner != "" && inner[0] == '{' {
			digits, taken = inner[1:], len(inner)+2
		} else if len(rest) >= 5 {
			digits, taken = rest[1:5], 5
		}
		n, err := strconv.ParseUint(digits, 16, 32)
		if err != nil || n > unicode.MaxRune {
			b.WriteByte('u')
			return 1
		}
		b.WriteRune(rune(n))
		return taken
	default:
		_, n := utf8.DecodeRuneInString(rest)
		b.WriteString(rest[:n])
		return n
	}
	return 1
}

// until takes all up to one of the stops that is in no brackets, quotes or comments, or up
// to a bracket that closes what was open before.
func (r *sceneReader) until(stops string) string {
	source := r.rest
	open, before := 0, byte('(')
	for r.space(); r.rest != ""; r.space() {
		c := r.rest[0]
		switch {
		case open == 0 && strings.IndexByte(stops, c) >= 0:
			return source[:len(source)-len(r.rest)]
		case strings.IndexByte("([{", c) >= 0:
			open++
		case strings.IndexByte(")]}", c) >= 0:
			if open--; open < 0 {
				return source[:len(source)-len(r.rest)]
			}
		case strings.IndexByte("\"'`", c) >= 0:
			r.skip(c)
			before = c
			continue
		case c == '/' && strings.IndexByte("(,:=[", before) >= 0:
			r.skip('/') // a regular expression
			before = '/'
			continue
		}
		before = c
		r.rest = r.rest[1:]
	}
	return source
}

// skip skips what is between quotes, or to the end of the line when it is not closed in it.
func (r *sceneReader) skip(quote byte) {
	class := false // of a regular expression, in which a slash does not end it
	for i := 1; i < len(r.rest); i++ {
		switch c := r.rest[i]; {
		case c == '\\':
			i++
		case c == '\n' && quote != '`':
			r.rest = r.rest[i:]
			return
		case quote == '/' && (c == '[' || c == ']'):
			class = c == '['
		case c == quote && !class:
			r.rest = r.rest[i+1:]
			return
		}
	}
	r.rest = ""
}
