package pictify

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"unicode/utf8"
)

// A claim is one digest that a header or a handler states, and the time beside it.
type claim struct {
	time   string // text of t; "" when there is none
	sum    []byte
	text   string  // of the digest, as it stands
	odd    bool    // the text is hex, but of no digest's length
	faults []Fault // what is odd in how the digest is written
}

// A reading is what can be made of headers that [ParseSignature] may refuse.
type reading struct {
	claims []claim
	time   string  // the last t
	faults []Fault // what is odd in the headers
}

const (
	maxReadHeader = 64 << 10 // bytes of one header that are looked at
	maxHeaders    = 8
	maxClaims     = 64
)

// readHeaders reads signature headers leniently, and notes what it forgave. Of one
// that [ParseSignature] takes nothing is noted.
func readHeaders(values []string) reading {
	var r reading
	for _, v := range values[:min(len(values), maxHeaders)] {
		one := readLenient(v[:min(len(v), maxReadHeader)])
		if _, err := ParseSignature(v); err == nil {
			one.faults = nil
		} else if len(one.faults) == 0 && !one.explained() {
			one.faults = []Fault{malformedBecause(err)}
		}
		r.claims = append(r.claims, one.claims...)
		r.faults = append(r.faults, one.faults...)
		r.time = one.time
	}
	if len(values) > 1 {
		r.faults = append([]Fault{{Code: HeaderSeveral}}, r.faults...)
	}
	r.claims = r.claims[:min(len(r.claims), maxClaims)]
	return r
}

// malformedBecause is what [ParseSignature] has against a header.
func malformedBecause(err error) Fault {
	return Fault{HeaderMalformed, strings.TrimPrefix(err.Error(), ErrMalformed.Error()+": ")}
}

// explained reports whether the digests or the time will tell what is odd.
func (r *reading) explained() bool {
	for _, c := range r.claims {
		if len(c.faults) > 0 || c.odd {
			return true
		}
	}
	return len(r.claims) > 0 && !canonicalTime(r.time)
}

func (r *reading) note(code FaultCode, detail string) {
	for _, f := range r.faults {
		if f.Code == code {
			return
		}
	}
	r.faults = append(r.faults, Fault{code, clip(detail, 80)})
}

// clip cuts what comes from outside to n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

const (
	blanks = " \t\r\n\v\f\u00a0"
	quotes = "\"'`"
)

func readLenient(v string) reading {
	var r reading
	s := v
	if lower := strings.ToLower(s); strings.Contains(lower, "%3d") || strings.Contains(lower, "%2c") {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
			r.note(HeaderEscaped, "")
		}
	}
	if t := strings.Trim(s, blanks); t != s {
		s = t
		r.note(HeaderBlanks, "")
	}
	for len(s) > 1 && strings.IndexByte(quotes, s[0]) >= 0 && s[len(s)-1] == s[0] {
		s = strings.Trim(s[1:len(s)-1], blanks)
		r.note(HeaderQuoted, "")
	}
	if i, j := strings.IndexByte(s, ','), strings.Index(s, "v1="); j >= 0 && i < j && !utf8Printable(s[j:]) && len(s)-j-3 >= 20 {
		r.binary(s[:j], s[j+3:])
		return r
	}
	if strings.HasPrefix(s, "{") {
		r.object(s)
		return r
	}
	s = r.withoutPrefix(s)
	s = r.withoutBlanks(s)
	r.elements(s)
	return r
}

func utf8Printable(s string) bool {
	for _, c := range s {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// binary reads a digest whose bytes stand in the header as they are, or as the
// characters that Latin-1 has for them.
func (r *reading) binary(head, sum string) {
	for element := range strings.SplitSeq(head, ",") {
		if t, ok := strings.CutPrefix(strings.Trim(element, blanks), "t="); ok {
			r.time = t
		}
	}
	r.note(EncodingBinary, "")
	r.claims = append(r.claims, claim{time: r.time, sum: []byte(sum), text: sum})
	if utf8.ValidString(sum) {
		r.claims = append(r.claims, claim{time: r.time, sum: encodeBytes([]byte(sum), latin1, ""), text: sum})
	}
}

// object reads a JSON object with the parts as members.
func (r *reading) object(s string) {
	r.note(HeaderJSON, "")
	for name, value := range members([]byte(s)) {
		text, ok := textOf(value)
		if !ok {
			text = string(value)
		}
		r.element(string(name), text)
	}
	r.finish()
}

// withoutPrefix cuts off a name or a scheme in front: "X-Pictify-Signature: ", "Bearer ".
func (r *reading) withoutPrefix(s string) string {
	word, rest, found := strings.Cut(s, " ")
	if !found {
		word, rest, found = strings.Cut(s, ":")
	}
	name := strings.TrimSuffix(word, ":")
	_, isSum := sumsIn(word)
	if !found || isSum || len(name) < 3 || strings.ContainsAny(name, "=,;&|\"") || strings.EqualFold(name, "sha256") || strings.EqualFold(name, "sha1") || allDigits(name) {
		return s
	}
	if strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz-_0123456789") != "" {
		return s
	}
	r.note(HeaderPrefix, word)
	return strings.Trim(rest, blanks)
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// withoutBlanks removes blanks around separators. Blanks that stand for commas become commas.
func (r *reading) withoutBlanks(s string) string {
	if !strings.ContainsAny(s, blanks) {
		return s
	}
	var parts []string
	for word := range strings.FieldsFuncSeq(s, func(c rune) bool { return strings.ContainsRune(blanks, c) }) {
		parts = append(parts, word)
	}
	out, comma := parts[0], false
	for _, p := range parts[1:] {
		if strings.IndexByte(",;&|=:", p[0]) < 0 && strings.IndexByte(",;&|=:", out[len(out)-1]) < 0 {
			out += ","
			comma = true
		}
		out += p
	}
	if comma {
		r.note(HeaderSeparator, " ")
	} else {
		r.note(HeaderBlanks, "")
	}
	return out
}

func (r *reading) elements(s string) {
	if i := strings.IndexAny(s, ";&|"); i >= 0 {
		r.note(HeaderSeparator, s[i:i+1])
		s = strings.Map(func(c rune) rune {
			if c == ';' || c == '&' || c == '|' {
				return ','
			}
			return c
		}, s)
	}
	n := 0
	for element := range strings.SplitSeq(s, ",") {
		if n++; n > maxClaims || element == "" {
			continue
		}
		at := strings.IndexAny(element, "=:")
		if _, whole := sumsIn(element); whole && !strings.HasPrefix(element, "v1=") && !strings.HasPrefix(strings.ToLower(element), "sha") || at < 0 {
			r.element("", element)
			continue
		}
		if element[at] == ':' {
			r.note(HeaderSeparator, ":")
		}
		r.element(element[:at], element[at+1:])
	}
	r.finish()
}

// element takes in a part; name is "" when it has none.
func (r *reading) element(name, value string) {
	if t := strings.Trim(value, quotes+`\`); t != value && !strings.HasPrefix(value, "b'") && !strings.HasPrefix(value, `b"`) {
		value = t
		r.note(HeaderQuoted, "")
	}
	switch strings.ToLower(strings.Trim(name, quotes)) {
	case "t", "ts", "time", "timestamp":
		r.named(name, "t")
		if isLiteral(value) {
			r.note(HeaderUndefined, "t="+value)
			return
		}
		if r.time != "" && len(r.claims) > 0 && (len(r.faults) == 0 || r.faults[0].Code != HeaderSeveral) {
			r.faults = append([]Fault{{Code: HeaderSeveral}}, r.faults...) // what else is odd comes of that
		}
		r.time = clip(value, 64)
	case "v1", "v0", "v2", "v", "s", "h", "sig", "sign", "signature", "hmac", "hash", "digest", "sha256", "sha1", "sha512", "hmac-sha256", "hmacsha256":
		r.named(name, "v1")
		r.digest(value)
	case "":
		if allDigits(value) && len(value) < 20 {
			r.note(HeaderNames, "")
			r.time = value
		} else if _, ok := sumsIn(value); ok {
			r.note(HeaderNames, "")
			r.digest(value)
		}
	}
}

func (r *reading) named(name, right string) {
	if name != right {
		r.note(HeaderNames, name)
	}
}

func (r *reading) digest(value string) {
	sums, ok := sumsIn(value)
	if !ok && isLiteral(value) {
		r.note(HeaderUndefined, "v1="+value)
	}
	for _, c := range sums {
		c.time = r.time
		r.claims = append(r.claims, c)
	}
}

// finish gives claims that stand before the time the time, and notes what is missing.
func (r *reading) finish() {
	for i := range r.claims {
		if r.claims[i].time == "" {
			r.claims[i].time = r.time
		}
	}
	undefined := false
	for _, f := range r.faults {
		undefined = undefined || f.Code == HeaderUndefined
	}
	switch {
	case undefined:
	case len(r.claims) == 0 && r.time != "":
		r.note(HeaderNoV1, "")
	case len(r.claims) > 0 && r.time == "":
		names := r.faults
		r.faults = nil
		for _, f := range names { // that there are no names follows from it
			if f.Code != HeaderNames {
				r.faults = append(r.faults, f)
			}
		}
		r.note(HeaderNoTime, "")
	}
}

// isLiteral reports whether a value is what languages write for none.
func isLiteral(s string) bool {
	switch s {
	case "", "undefined", "null", "NaN", "None", "nil", "<nil>", "[object", "[object Object]", "[object Promise]", "object", "true", "false":
		return true
	}
	return strings.HasPrefix(s, "<") || strings.HasPrefix(s, "[object")
}

// sumsIn reads a digest as it may be written. There may be more than one reading;
// ok is false when there is none.
func sumsIn(text string) (list []claim, ok bool) {
	add := func(sum []byte, faults ...Fault) {
		if len(sum) >= 10 {
			list = append(list, claim{sum: sum, text: text, odd: isOdd(text), faults: faults})
		}
	}
	s, faults := withoutWrapping(text)
	if raw, err := hex.DecodeString(s); err == nil {
		if inner := string(raw); isSumText(inner) {
			if deep, ok := sumsIn(inner); ok {
				add(deep[0].sum, append(faults, Fault{Code: EncodingTwice})...)
			}
		}
		add(raw, faults...)
	} else if isHex(s) { // of odd length: the end, or zeros, are missing
		if raw, err := hex.DecodeString(s[:len(s)-1]); err == nil {
			add(raw, faults...)
		}
	} else if raw, code, ok := base64Sum(s); ok {
		if inner, err := hex.DecodeString(string(raw)); err == nil && len(inner) >= 16 {
			add(inner, append(faults, Fault{Code: EncodingBase64Hex})...)
		} else {
			add(raw, append(faults, Fault{Code: code})...)
		}
	}
	return list, len(list) > 0
}

// withoutWrapping cuts off what stands around a digest, and says what it was.
func withoutWrapping(s string) (string, []Fault) {
	var faults []Fault
	if len(s) > 3 && s[0] == 'b' && (s[1] == '\'' || s[1] == '"') && s[len(s)-1] == s[1] {
		s = s[2 : len(s)-1]
		faults = append(faults, Fault{Code: EncodingLiteral})
	}
	for _, prefix := range []string{"sha256=", "sha256:", "sha1=", "sha512=", "v1=", "hmac-sha256=", "0x", "0X"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s = rest
			faults = append(faults, Fault{EncodingPrefix, prefix})
		}
	}
	for _, separator := range []string{"-", ":"} {
		if len(s) > 30 && s[2:3] == separator && strings.Count(s, separator) == (len(s)+1)/3-1 {
			s = strings.ReplaceAll(s, separator, "")
			faults = append(faults, Fault{Code: EncodingSeparated})
		}
	}
	return s, faults
}

func isHex(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// isSumText reports whether the bytes of a digest are themselves a digest's text.
func isSumText(s string) bool {
	if len(s) < 32 || !utf8Printable(s) {
		return false
	}
	_, _, base := base64Sum(s)
	return isHex(s) || base
}

func base64Sum(s string) (raw []byte, code FaultCode, ok bool) {
	for _, e := range []struct {
		code FaultCode
		*base64.Encoding
	}{
		{EncodingBase64, base64.StdEncoding}, {EncodingBase64, base64.RawStdEncoding},
		{EncodingBase64URL, base64.URLEncoding}, {EncodingBase64URL, base64.RawURLEncoding},
	} {
		raw, err := e.DecodeString(s)
		if err != nil {
			continue
		}
		switch len(raw) {
		case 16, 20, 28, 32, 40, 48, 64, 96, 128:
			return raw, e.code, true
		}
	}
	return nil, "", false
}
