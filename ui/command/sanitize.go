package command

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sanitize makes s harmless to a terminal and to whoever reads a log: letters,
// marks, numbers, punctuation, symbols and the space stay (unicode.IsPrint);
// everything else is written as an escape, \x1b for bytes, \u202e and
// \U000e0041 for runes. No control sequence, line break, change of writing
// direction or invisible rune survives, and the result is valid UTF-8.
//
// The result has at most max bytes (no limit when max is 0); an ellipsis at its
// end says that something was cut, and no escape is cut in two.
func sanitize(s string, max int) string {
	const ellipsis = "…"
	var b strings.Builder
	fits := 0 // length of what leaves room for the ellipsis
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		writeSafe(&b, r, s[i:i+size])
		i += size
		if max > 0 && b.Len() > max {
			return b.String()[:fits] + ellipsis
		}
		if b.Len()+len(ellipsis) <= max {
			fits = b.Len()
		}
	}
	return b.String()
}

// writeSafe writes one rune, which was decoded from raw, or its escape.
func writeSafe(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1: // a byte that is no UTF-8
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case unicode.IsPrint(r):
		b.WriteRune(r)
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// firstLine is the first line of s that says anything, without the blanks around it.
func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
