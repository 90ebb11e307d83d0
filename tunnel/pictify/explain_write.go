package pictify

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A notation is how some language writes a parsed body. The zero value is compact
// JSON with everything as it stands.
type notation struct {
	code   FaultCode
	order  order
	number func(dst, literal []byte) []byte // nil: as it stands

	indent       string // "" is all on one line
	comma, colon string // "" is without blanks; with an indent nothing follows a comma
	flatArrays   bool   // arrays on one line in spite of the indent
	emptyObject  string // "" is {}
	emptyArray   string // "" is []
	tallEmpty    bool   // both have their brackets on lines of their own, as Ruby's had

	ascii string // characters of ASCII that are escaped though JSON asks for no escape
	slash string // "/" or "</": a slash is escaped there as \/
	wide  width  // of characters beyond ASCII
	lines bool   // U+2028 and U+2029 are escaped even where the others are not
	upper bool   // hex digits of escapes are capitals
	php   bool   // only those of ASCII characters are
	alone bool   // half of a surrogate pair becomes U+FFFD

	quote  func(dst []byte, s string) []byte // nil: a JSON string
	marks  string                            // "{}[]" unless set; "" too
	before string                            // in front of each object's brace
	words  [3]string                         // for true, false, null; "" as they are
}

// A width is what becomes of characters beyond ASCII.
type width int

const (
	kept    width = iota
	escaped       // \u00e9, two of them beyond U+FFFF
)

// A writer writes a tape in a notation. It gives up when the text would be longer than limit.
type writer struct {
	*tape
	notation
	out   []byte
	limit int
	hex   string
	plain [utf8.RuneSelf]bool // may stand in a string as it is
}

// write appends the value at token i of t to dst; ok is false if that took more
// than limit bytes.
func (n notation) write(dst []byte, t *tape, i uint32, limit int) (out []byte, ok bool) {
	w := &writer{tape: t, notation: n, out: dst, limit: limit, hex: "0123456789abcdef"}
	if n.upper {
		w.hex = "0123456789ABCDEF"
	}
	if w.marks == "" {
		w.marks = "{}[]"
	}
	for c := range w.plain {
		w.plain[c] = c >= ' ' && c != '"' && c != '\\' && strings.IndexByte(n.ascii, byte(c)) < 0 && (c != '/' || n.slash == "")
	}
	w.value(i, 0)
	return w.out, len(w.out) <= limit
}

func (w *writer) value(i uint32, depth int) {
	if len(w.out) > w.limit {
		return
	}
	switch raw := w.tape.value(i); raw[0] {
	case '{':
		w.object(i, depth)
	case '[':
		w.array(i, depth)
	case '"':
		w.text(raw)
	case 't':
		w.word(0, raw)
	case 'f':
		w.word(1, raw)
	case 'n':
		w.word(2, raw)
	default:
		if w.number == nil {
			w.out = append(w.out, raw...)
		} else {
			w.out = w.number(w.out, raw)
		}
	}
}

func (w *writer) word(i int, raw []byte) {
	if w.words[i] != "" {
		w.out = append(w.out, w.words[i]...)
	} else {
		w.out = append(w.out, raw...)
	}
}

func (w *writer) object(i uint32, depth int) {
	names := w.members(i, w.order)
	w.out = append(w.out, w.before...)
	if len(names) == 0 && w.emptyObject != "" {
		w.out = append(w.out, w.emptyObject...)
		return
	}
	w.out = append(w.out, w.marks[0])
	if len(names) == 0 && w.tallEmpty {
		w.newLine(depth)
	}
	for k, name := range names {
		w.separate(k, depth+1, false)
		w.text(w.tape.value(name))
		if w.colon == "" {
			w.out = append(w.out, ':')
		} else {
			w.out = append(w.out, w.colon...)
		}
		w.value(name+1, depth+1)
	}
	w.close(len(names), depth, false, w.marks[1])
}

func (w *writer) array(i uint32, depth int) {
	list := w.children(i)
	if len(list) == 0 && w.emptyArray != "" {
		w.out = append(w.out, w.emptyArray...)
		return
	}
	w.out = append(w.out, w.marks[2])
	if len(list) == 0 && w.tallEmpty {
		w.out = append(w.out, '\n')
		w.newLine(depth)
	}
	for k, at := range list {
		w.separate(k, depth+1, w.flatArrays)
		if w.flatArrays && w.indent != "" && k == 0 {
			w.out = append(w.out, ' ')
		}
		w.value(at, depth+1)
	}
	if w.flatArrays && w.indent != "" && len(list) > 0 {
		w.out = append(w.out, ' ')
	}
	w.close(len(list), depth, w.flatArrays, w.marks[3])
}

// separate writes what is in front of the k-th member or element.
func (w *writer) separate(k, depth int, flat bool) {
	if k > 0 {
		switch {
		case flat:
			w.out = append(w.out, ", "...)
		case w.indent != "" || w.comma == "":
			w.out = append(w.out, ',')
		default:
			w.out = append(w.out, w.comma...)
		}
	}
	if w.indent != "" && !flat {
		w.newLine(depth)
	}
}

func (w *writer) close(n, depth int, flat bool, mark byte) {
	if n > 0 && w.indent != "" && !flat {
		w.newLine(depth)
	}
	w.out = append(w.out, mark)
}

func (w *writer) newLine(depth int) {
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, w.indent...)
	}
}

// text writes a JSON string in this notation.
func (w *writer) text(raw []byte) {
	s := textIn(raw)
	if w.quote != nil {
		w.out = w.quote(w.out, s)
		return
	}
	w.out = append(w.out, '"')
	start := 0 // of what is copied as it stands
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && w.plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			w.out = append(w.out, s[start:i]...)
			w.escape(s, i)
			i++
			start = i
			continue
		}
		size, changed := w.beyond(s, start, i)
		i += size
		if changed {
			start = i
		}
	}
	w.out = append(append(w.out, s[start:]...), '"')
}

// escape writes the ASCII character at s[i], which is not plain.
func (w *writer) escape(s string, i int) {
	c := s[i]
	short := strings.IndexByte("\"\\\b\f\n\r\t", c)
	switch {
	case c == '/':
		if w.slash == "/" || i > 0 && s[i-1] == '<' {
			w.out = append(w.out, '\\')
		}
		w.out = append(w.out, '/')
	case short >= 0 && strings.IndexByte(w.ascii, c) < 0:
		w.out = append(w.out, '\\', `"\bfnrt`[short])
	case w.php:
		w.out = fmt.Appendf(w.out, `\u%04X`, c)
	default:
		w.unit(rune(c))
	}
}

// beyond deals with the character beyond ASCII at s[i], and reports its size and
// whether it wrote something for it, after s[start:i].
func (w *writer) beyond(s string, start, i int) (size int, changed bool) {
	r, size := utf8.DecodeRuneInString(s[i:])
	if r == utf8.RuneError && size == 1 {
		half, is := surrogate(s[i:])
		w.out = append(w.out, s[start:i]...)
		switch {
		case is && !w.alone:
			w.unit(half)
		case w.wide == escaped:
			w.unit(utf8.RuneError)
		default:
			w.out = append(w.out, "\uFFFD"...)
		}
		if is {
			size = 3
		}
		return size, true
	}
	if w.wide == kept && (!w.lines || r != '\u2028' && r != '\u2029') {
		return size, false
	}
	w.out = append(w.out, s[start:i]...)
	if r > 0xffff {
		r -= 0x10000
		w.unit(0xd800 | r>>10)
		r = 0xdc00 | r&0x3ff
	}
	w.unit(r)
	return size, true
}

func (w *writer) unit(r rune) {
	w.out = append(w.out, '\\', 'u', w.hex[r>>12&15], w.hex[r>>8&15], w.hex[r>>4&15], w.hex[r&15])
}

// A string in quotes as Python's repr writes it.
func pythonQuote(dst []byte, s string) []byte {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	dst = append(dst, quote)
	for _, r := range s {
		switch {
		case r == rune(quote) || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case unicode.IsPrint(r):
			dst = utf8.AppendRune(dst, r)
		default:
			dst = appendEscape(dst, r)
		}
	}
	return append(dst, quote)
}

// appendEscape appends \x0a, \u2028 or \U000e0041.
func appendEscape(dst []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	letter, n := byte('x'), 2
	switch {
	case r > 0xffff:
		letter, n = 'U', 8
	case r > 0xff:
		letter, n = 'u', 4
	}
	dst = append(dst, '\\', letter)
	for k := n - 1; k >= 0; k-- {
		dst = append(dst, digits[r>>(4*k)&15])
	}
	return dst
}

// A string as Ruby's inspect writes it.
func rubyQuote(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '#' && i+1 < len(s) && strings.IndexByte("{$@", s[i+1]) >= 0:
			dst = append(dst, `\#`...)
		case r >= '\a' && r <= '\r':
			dst = append(dst, '\\', "abtnvfr"[r-'\a'])
		case r == 0x1b:
			dst = append(dst, `\e`...)
		case unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Cf, unicode.Co):
			dst = utf8.AppendRune(dst, r)
		case r > 0xffff:
			dst = fmt.Appendf(dst, `\u{%X}`, r)
		default:
			dst = fmt.Appendf(dst, `\u%04X`, r)
		}
	}
	return append(dst, '"')
}

// bare writes a string without quotes, as Go's %v and Java's toString do.
func bare(dst []byte, s string) []byte { return append(dst, s...) }
