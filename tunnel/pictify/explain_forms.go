package pictify

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// part is the member "data" alone: what is left when the envelope is unpacked first.
func (b *bodies) part(yield func(Fault, []byte) bool) {
	if b.tape == nil || b.tape.text[b.tape.tokens[0].start] != '{' {
		return
	}
	for _, name := range b.tape.children(0) {
		if textIn(b.tape.value(name)) != "data" {
			continue
		}
		if !yield(Fault{Code: BodyDataOnly}, b.tape.value(name+1)) {
			return
		}
		for _, form := range b.written(name+1, "", func(*notation) bool { return true }) {
			if !yield(Fault{Code: BodyDataOnly, Detail: Reencoded}, form) {
				return
			}
		}
	}
}

// charsets are the forms that a wrong charset makes of a body.
func (b *bodies) charsets(yield func(Fault, []byte) bool) {
	body := b.body
	form := func(code FaultCode, form []byte) bool { return yield(Fault{Code: code}, form) }
	if !utf8.Valid(body) {
		_ = form(BodyReplaced, replaceSubparts(body)) &&
			form(BodyReplaced, []byte(strings.Map(func(r rune) rune { return r }, string(body)))) &&
			form(BodyReplaced, bytes.ToValidUTF8(body, []byte("\uFFFD"))) &&
			form(BodyReplaced, bytes.ToValidUTF8(body, nil)) &&
			form(BodyFromLatin1, decodeBytes(body, latin1)) &&
			form(BodyFromLatin1, decodeBytes(body, windows1252))
		return
	}
	_ = form(BodyUTF16, encodeUTF16(body, false, false)) &&
		form(BodyUTF16, encodeUTF16(body, false, true)) &&
		form(BodyUTF16, encodeUTF16(body, true, false)) &&
		form(BodyUTF16, encodeUTF16(body, true, true))
	if isASCII(body) {
		return
	}
	_ = form(BodyLatin1, encodeBytes(body, latin1, "")) &&
		form(BodyWindows1252, encodeBytes(body, windows1252, "")) &&
		form(BodyMojibake, decodeBytes(body, latin1)) &&
		form(BodyMojibake, decodeBytes(body, windows1252)) &&
		form(BodyQuestionMarks, encodeBytes(body, latin1, "?")) &&
		form(BodyQuestionMarks, encodeBytes(body, windows1252, "?")) &&
		form(BodyQuestionMarks, encodeBytes(body, ascii, "?")) &&
		form(BodyQuestionMarks, encodeBytes(body, ascii, "drop")) &&
		form(BodyQuestionMarks, encodeBytes(body, ascii, "\uFFFD")) &&
		form(BodyReplaced, eachByte(body))
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// A charset says what character each byte from 0x80 on is.
type charset func(c byte) rune

func ascii(byte) rune { return -1 }

func latin1(c byte) rune { return rune(c) }

// windows1252 differs from Latin-1 in 0x80 to 0x9f. Source: encoding.spec.whatwg.org.
func windows1252(c byte) rune {
	if c < 0xa0 {
		return high1252[c-0x80]
	}
	return rune(c)
}

var high1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

// decodeBytes reads bytes in a charset and writes UTF-8.
func decodeBytes(b []byte, set charset) []byte {
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		if c < utf8.RuneSelf {
			out = append(out, c)
		} else {
			out = utf8.AppendRune(out, set(c))
		}
	}
	return out
}

// encodeBytes writes UTF-8 in a charset. For a character that the charset lacks it
// writes instead, nothing when that is "drop"; when it is "" there is no such text
// and the result is b itself.
func encodeBytes(b []byte, set charset, instead string) []byte {
	back := make(map[rune]byte, 128)
	for c := 0x80; c < 0x100; c++ {
		back[set(byte(c))] = byte(c)
	}
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		c, ok := back[r]
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case ok:
			out = append(out, c)
		case instead == "":
			return b
		case instead != "drop":
			out = append(out, instead...)
		}
	}
	return out
}

func encodeUTF16(b []byte, big, mark bool) []byte {
	out := make([]byte, 0, 2*len(b)+2)
	unit := func(u uint16) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	if mark {
		unit(0xfeff)
	}
	for _, r := range string(b) {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			unit(uint16(hi))
			unit(uint16(lo))
		} else {
			unit(uint16(r))
		}
	}
	return out
}

// eachByte writes U+FFFD for each byte that is not ASCII.
func eachByte(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c < utf8.RuneSelf {
			out = append(out, c)
		} else {
			out = append(out, "\uFFFD"...)
		}
	}
	return out
}

// replaceSubparts writes one U+FFFD for each longest beginning of a character, as
// JavaScript and Python do; Go writes one for each byte. Source: Unicode, 3.9.
func replaceSubparts(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r != utf8.RuneError || size > 1 {
			out = append(out, b[i:i+size]...)
			i += size
			continue
		}
		out = append(out, "\uFFFD"...)
		i += subpart(b[i:])
	}
	return out
}

// subpart is the length of the beginning of a character that b starts with, at least 1.
func subpart(b []byte) int {
	need, low, high := 0, byte(0x80), byte(0xbf)
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c == 0xe0:
		need, low = 2, 0xa0
	case c == 0xed:
		need, high = 2, 0x9f
	case c >= 0xe1 && c <= 0xef:
		need = 2
	case c == 0xf0:
		need, low = 3, 0x90
	case c == 0xf4:
		need, high = 3, 0x8f
	case c >= 0xf1 && c <= 0xf3:
		need = 3
	}
	n := 1
	for n <= need && n < len(b) && b[n] >= low && b[n] <= high {
		n++
		low, high = 0x80, 0xbf
	}
	return n
}

// wrapped are forms in which the whole body is a text in something else, or in
// which something else is unwrapped.
func (b *bodies) wrapped(yield func(Fault, []byte) bool) {
	body := b.body
	form := func(code FaultCode, form []byte) bool { return yield(Fault{Code: code}, form) }
	text := string(body)
	escaped := url.QueryEscape(text)
	quoted := AppendString(nil, text)
	component := strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(escaped)
	digest := sha256.Sum256(body)
	if len(body) > maxVariant/8 {
		b.cut = true
		return
	}
	_ = form(BodyBytesLiteral, append([]byte("b"), pythonBytes(body)...)) &&
		form(BodyBytesLiteral, []byte(fmt.Sprint(body))) &&
		form(BodyBytesLiteral, commas(nil, body)) &&
		form(BodyBytesLiteral, append(commas([]byte(`{"type":"Buffer","data":[`), body), "]}"...)) &&
		form(BodyBytesLiteral, append(append([]byte("bytearray(b"), pythonBytes(body)...), ')')) &&
		form(BodyString, quoted) &&
		b.quotedAgain(quoted, yield) &&
		form(BodyBase64, base64.StdEncoding.AppendEncode(nil, body)) &&
		form(BodyBase64, base64.RawStdEncoding.AppendEncode(nil, body)) &&
		form(BodyBase64, base64.URLEncoding.AppendEncode(nil, body)) &&
		form(BodyBase64, base64.RawURLEncoding.AppendEncode(nil, body)) &&
		form(BodyHex, hex.AppendEncode(nil, body)) &&
		form(BodyDigest, hex.AppendEncode(nil, digest[:])) &&
		form(BodyDigest, digest[:]) &&
		form(BodyForm, []byte("payload="+escaped)) &&
		form(BodyForm, []byte("data="+escaped)) &&
		form(BodyForm, []byte("body="+escaped)) &&
		form(BodyForm, []byte(escaped)) &&
		form(BodyForm, []byte(escaped+"=")) &&
		form(BodyForm, []byte(component)) &&
		form(BodyForm, append(append([]byte("{"), quoted...), `:""}`...)) &&
		form(BodyHTML, []byte(html.EscapeString(text))) &&
		form(BodyHTML, []byte(strings.NewReplacer("&", "&amp;", `"`, "&quot;", "'", "&#039;", "<", "&lt;", ">", "&gt;").Replace(text))) &&
		form(BodyHTML, []byte(strings.NewReplacer("&", "&amp;", `"`, "&quot;", "'", "&#x27;", "<", "&lt;", ">", "&gt;").Replace(text))) &&
		form(BodyHTML, []byte(html.UnescapeString(text))) &&
		form(BodySlashes, []byte(strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\x00", `\0`).Replace(text))) &&
		form(BodyTwice, append(append([]byte(nil), body...), body...)) &&
		b.unwrapped(form)
}

// quotedAgain are the notations of the body as one JSON string.
func (b *bodies) quotedAgain(quoted []byte, yield func(Fault, []byte) bool) bool {
	t, ok := readTape(quoted)
	if !ok {
		return true
	}
	for i := range notations {
		n := &notations[i]
		if n.isText() || n.indent != "" {
			continue
		}
		out, ok := n.write(b.buf[:0], t, 0, maxVariant)
		b.buf = out[:0]
		if ok && !yield(Fault{Code: BodyString}, out) {
			return false
		}
	}
	return true
}

// unwrapped are the forms in which the body that arrived is the wrapped one.
func (b *bodies) unwrapped(form func(FaultCode, []byte) bool) bool {
	body := bytes.TrimSpace(b.body)
	var text string
	if len(body) > 0 && body[0] == '"' && json.Unmarshal(body, &text) == nil && !form(BodyUnquoted, []byte(text)) {
		return false
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if plain, err := e.DecodeString(string(body)); err == nil && len(plain) > 0 && !form(BodyUnwrapped, plain) {
			return false
		}
	}
	if name, value, found := strings.Cut(string(body), "="); found && !strings.ContainsAny(name, "{\" ") {
		if plain, err := url.QueryUnescape(value); err == nil && !form(BodyUnwrapped, []byte(plain)) {
			return false
		}
	}
	if bytes.IndexByte(body, '%') >= 0 {
		if plain, err := url.QueryUnescape(string(body)); err == nil && !form(BodyUnwrapped, []byte(plain)) {
			return false
		}
	}
	return true
}

// pythonBytes is repr(bytes) without the b.
func pythonBytes(b []byte) []byte {
	quote := byte('\'')
	if bytes.IndexByte(b, '\'') >= 0 && bytes.IndexByte(b, '"') < 0 {
		quote = '"'
	}
	out := make([]byte, 0, len(b)+16)
	out = append(out, quote)
	for _, c := range b {
		switch {
		case c == quote || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		case c == '\t':
			out = append(out, `\t`...)
		case c >= ' ' && c <= '~':
			out = append(out, c)
		default:
			out = appendEscape(out, rune(c))
		}
	}
	return append(out, quote)
}

// commas appends the numbers of the bytes: what String(new Uint8Array(…)) is.
func commas(dst, b []byte) []byte {
	for i, c := range b {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(c), 10)
	}
	return dst
}
