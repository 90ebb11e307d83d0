package mock

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// schemaStart is how the schema of a scene begins, up to the brace of its fields.
var schemaStart = lazily(`(?m)^[ \t]*export\s+const\s+schema\s*(?::[^=\n]{1,200})?=\s*z\s*\.\s*(?:object|strictObject)\s*\(\s*\{`)

// schemaIn finds the variables of a scene: the fields of
//
//	export const schema = z.object({ title: z.string().default("Hi").describe("…") })
//
// in the order in which they stand there. It reads names, types, and of .default() and
// .describe() what is a literal; it runs nothing. A field of which it understands no more
// than the name is a text. A source without such a schema has no variables.
//
// Source: pictify-io/mcp src/tools/videos.ts ("fields become the template's editable
// variables", 2026). That a text whose default is a colour is of the type color, and one
// with .url() of the type url, is our guess.
func schemaIn(source string) []definition {
	defs := []definition{}
	at := schemaStart().FindStringIndex(source)
	if at == nil {
		return defs
	}
	r := &sceneReader{rest: source[at[1]:]}
	for len(defs) < maxVariables {
		name, ok := r.key()
		if !ok {
			break
		}
		if r.take(":") {
			d := definition{Name: name, Type: "text", Validation: map[string]any{}}
			(&sceneReader{rest: r.until(",}")}).describe(&d)
			known := slices.ContainsFunc(defs, func(other definition) bool { return other.Name == name })
			if name != "" && len(name) <= maxVariableName && !known {
				defs = append(defs, d)
			}
		} else {
			r.until(",}") // "...others", whatever those are
		}
		if !r.take(",") {
			break
		}
	}
	return defs
}

// zodTypes are the types of definitions, by the function of zod that makes one.
var zodTypes = map[string]string{
	"string": "text", "enum": "text", "literal": "text", "number": "number", "int": "number", "bigint": "number", "boolean": "boolean",
	"date": "date", "array": "array", "tuple": "array", "object": "object", "record": "object", "url": "url", "zColor": "color",
}

// describe reads what a field is: z.string().default("Hi").describe("…").
func (r *sceneReader) describe(d *definition) {
	typed := false
	for {
		name := r.word()
		arguments := ""
		if r.take("(") {
			arguments = strings.TrimSpace(r.until(")"))
			r.take(")")
		}
		kind, ok := zodTypes[name]
		switch {
		case name == "default":
			d.DefaultValue = literal(arguments)
		case name == "describe":
			text, _ := literal(arguments).(string)
			d.Description = cutText(text, 2000)
		case ok && (!typed || name == "url"):
			d.Type, typed = kind, true
		}
		if !r.take(".") {
			break
		}
	}
	if text, _ := d.DefaultValue.(string); d.Type == "text" && hexColor().MatchString(text) {
		d.Type = "color"
	}
}

var hexColor = lazily(`^#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$`)

// literal is the value of a literal, or of texts with + between them; nil of all else.
func literal(source string) any {
	r := &sceneReader{rest: source}
	if r.quoted() {
		var all strings.Builder
		for r.quoted() {
			text, ok := r.text()
			if !ok {
				return nil
			}
			all.WriteString(text)
			if !r.take("+") {
				break
			}
		}
		if r.space(); r.rest != "" {
			return nil
		}
		return all.String()
	}
	var v any
	if depth([]byte(source)) > maxDepth || json.Unmarshal([]byte(source), &v) != nil {
		return nil
	}
	return v
}

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
