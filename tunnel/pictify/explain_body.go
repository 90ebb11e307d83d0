package pictify

import (
	"bytes"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxVariant bounds one rewritten body: escapes make a text up to six times as
// long, deep indentation any number of times.
const maxVariant = 24 << 20

// A bodies has one body in all the forms that it is known to be mistaken for.
type bodies struct {
	body []byte
	tape *tape // nil when the body is not JSON, or too much of it
	seed maphash.Seed
	seen map[uint64]bool
	buf  []byte
	cut  bool // something was left out because it is too large
}

func newBodies(body []byte) *bodies {
	b := &bodies{body: body, seed: maphash.MakeSeed()}
	b.tape, _ = readTape(bytes.TrimPrefix(body, []byte(bom)))
	return b
}

const bom = "\xef\xbb\xbf"

// all iterates over the forms, the likely ones first, each different from the body
// and from those before. The bytes are good until the next step.
func (b *bodies) all() iter.Seq2[Fault, []byte] {
	return func(yield func(Fault, []byte) bool) {
		b.seen = map[uint64]bool{maphash.Bytes(b.seed, b.body): true}
		order := []iter.Seq2[Fault, []byte]{b.small, b.json(""), b.squeezed, b.json("\n"), b.texts, b.part, b.charsets, b.wrapped}
		if !utf8.Valid(b.body) { // whoever parses it replaces bytes as well, but that is not what matters then
			order = slices.Insert(order, 1, b.charsets)
		}
		for _, forms := range order {
			for fault, form := range forms {
				if len(form) > maxVariant {
					b.cut = true
					continue
				}
				sum := maphash.Bytes(b.seed, form)
				if b.seen[sum] {
					continue
				}
				b.seen[sum] = true
				if !yield(fault, form) {
					return
				}
			}
		}
	}
}

// isText reports whether a notation is not JSON.
func (n *notation) isText() bool { return n.quote != nil }

// json are the body's re-serialisations, each with tail at its end.
func (b *bodies) json(tail string) iter.Seq2[Fault, []byte] {
	return b.written(0, tail, func(n *notation) bool { return !n.isText() })
}

// texts are what string interpolation makes of a parsed body.
func (b *bodies) texts(yield func(Fault, []byte) bool) {
	if b.tape != nil && strings.IndexByte("{[", b.tape.text[b.tape.tokens[0].start]) >= 0 {
		b.written(0, "", (*notation).isText)(yield)
	}
}

// squeezed are the body with less white space, which as a rule is JSON written again.
func (b *bodies) squeezed(yield func(Fault, []byte) bool) {
	_ = yield(Fault{Code: BodyTrimmed}, squeeze(b.body, " ")) &&
		yield(Fault{Code: BodyTrimmed}, squeeze(b.body, ""))
}

// squeeze trims text, and writes blank for each run of white space in it.
func squeeze(text []byte, blank string) []byte {
	out := make([]byte, 0, len(text))
	for i, c := range text {
		if c != ' ' && (c < '\t' || c > '\r') {
			out = append(out, c)
		} else if i > 0 && text[i-1] != ' ' && (text[i-1] < '\t' || text[i-1] > '\r') {
			out = append(out, blank...)
		}
	}
	return bytes.TrimSpace(out)
}

// written are the notations of the value at a token.
func (b *bodies) written(token uint32, tail string, which func(*notation) bool) iter.Seq2[Fault, []byte] {
	return func(yield func(Fault, []byte) bool) {
		if b.tape == nil {
			return
		}
		limit := min(maxVariant, 8*len(b.body)+64<<10)
		for i := range notations {
			n := &notations[i]
			if !which(n) {
				continue
			}
			out, ok := n.write(b.buf[:0], b.tape, token, limit)
			b.buf = out[:0]
			if !ok {
				b.cut = true
				continue
			}
			fault := Fault{Code: n.code}
			if tail != "" {
				fault.Detail = WithNewline
				out = append(out, tail...)
			}
			if !yield(fault, out) {
				return
			}
		}
	}
}

// literals are what languages make of a body that was not read, or of an object
// that was taken for a text.
var literals = []string{
	"", "[object Object]", "{}", "undefined", "null", "None", "nil", "Array", "[]", "[object Promise]", "[object ReadableStream]", "[object ArrayBuffer]",
	"[object Blob]", "[object Uint8Array]", "[object Request]", "[object FormData]", "false", "true", "NaN", `""`, "b''", "<nil>", "map[]", "%!s(<nil>)", "0",
	"[object URLSearchParams]", "[object Response]", "[object IncomingMessage]",
}

// small are the forms that differ in a few bytes, and the literals.
func (b *bodies) small(yield func(Fault, []byte) bool) {
	body := b.body
	form := func(code FaultCode, form []byte) bool { return yield(Fault{Code: code}, form) }
	for _, text := range literals {
		code := BodyLiteral
		if text == "" {
			code = BodyEmpty
		}
		if !yield(Fault{code, text}, []byte(text)) {
			return
		}
	}
	join := func(parts ...[]byte) []byte {
		b.buf = b.buf[:0]
		for _, p := range parts {
			b.buf = append(b.buf, p...)
		}
		return b.buf
	}
	lf := func() []byte { return bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")) }
	_ = form(BodyNewlineAdded, join(body, []byte("\n"))) &&
		form(BodyNewlineAdded, join(body, []byte("\r\n"))) &&
		form(BodyNewlineRemoved, bytes.TrimRight(body, "\r\n")) &&
		form(BodyTrimmed, bytes.TrimSpace(body)) &&
		form(BodyLF, lf()) &&
		form(BodyCRLF, bytes.ReplaceAll(lf(), []byte("\n"), []byte("\r\n"))) &&
		form(BodyOneLine, bytes.ReplaceAll(lf(), []byte("\n"), nil)) &&
		form(BodyBOMRemoved, bytes.TrimPrefix(body, []byte(bom))) &&
		form(BodyBOMAdded, join([]byte(bom), body)) &&
		form(BodyNUL, join(body, []byte{0}))
}
