package mock

import "strings"

const redacted = "[redacted]"

// redact takes secrets out of the beginning of a JSON text: every value below a
// member whose name sounds like one, and every text that looks like a key or a
// signing secret. The text may break off anywhere and need not be JSON.
func redact(text string) string {
	var b strings.Builder
	r := redaction{in: text, out: &b}
	for r.at < len(r.in) {
		r.step()
	}
	return b.String()
}

type redaction struct {
	in     string
	at     int
	out    *strings.Builder
	secret bool // the next value is one
	depth  int  // of objects and arrays that are secret as a whole
}

func (r *redaction) step() {
	c := r.in[r.at]
	switch {
	case c == '"':
		r.text()
		return
	case c == '{' || c == '[':
		if r.depth > 0 || r.secret {
			r.depth++
		}
		r.secret = false
	case c == '}' || c == ']':
		r.depth = max(0, r.depth-1)
		r.secret = false
	case c == ',':
		r.secret = false
	case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':':
	default:
		r.word()
		return
	}
	r.out.WriteByte(c)
	r.at++
}

// text copies or hides a quoted text. One that a colon follows is a name.
func (r *redaction) text() {
	start := r.at
	for r.at++; r.at < len(r.in) && r.in[r.at] != '"'; r.at++ {
		if r.in[r.at] == '\\' {
			r.at++
		}
	}
	r.at = min(r.at+1, len(r.in))
	quoted := r.in[start:r.at]
	if rest := strings.TrimLeft(r.in[r.at:], " \t\r\n"); strings.HasPrefix(rest, ":") {
		r.out.WriteString(quoted)
		r.secret = isSecretName(quoted)
		return
	}
	if r.secret || r.depth > 0 || looksSecret(quoted) {
		quoted = `"` + redacted + `"`
	}
	r.out.WriteString(quoted)
	r.secret = false
}

// word copies or hides a number, a literal, or what is no JSON at all.
func (r *redaction) word() {
	start := r.at
	for r.at < len(r.in) && !strings.ContainsRune("\"{}[],: \t\r\n", rune(r.in[r.at])) {
		r.at++
	}
	word := r.in[start:r.at]
	if word == "Bearer" {
		r.out.WriteString(word)
		r.secret = true
		return
	}
	form := strings.Contains(word, "=") && isSecretName(word) // a=1&secret=2
	if word != "null" && (r.secret || r.depth > 0 || form || looksSecret(word)) {
		word = redacted
	}
	r.out.WriteString(word)
	r.secret = false
}

// secretNames are parts of names whose values are not shown. The headers and
// credentials of a binding's data source are somebody's keys.
var secretNames = []string{"secret", "token", "password", "passwd", "authorization", "apikey", "api_key", "api-key", "credential", "headers", "cookie"}

func isSecretName(name string) bool {
	name = strings.ToLower(name)
	if strings.Contains(name, `\u`) {
		return true // nobody writes names like that who has nothing to hide
	}
	for _, part := range secretNames {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// looksSecret knows signing secrets and keys by how they begin.
func looksSecret(text string) bool {
	for _, prefix := range []string{"whsec_", "pk_live_", "pk_test_", "pic_live_", "Bearer "} {
		if strings.Contains(text, prefix) {
			return true
		}
	}
	return false
}
