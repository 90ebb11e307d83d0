package command

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"pictap/fixtures"
	"pictap/tunnel/pictify"
	"pictap/ui"
)

// A requestForm is a way to write a signed request so that somebody can paste it
// and it is sent. Whatever the request contains, it is text in what is pasted:
// nothing of it is expanded or run, and the bytes of the body arrive as they are.
type requestForm struct {
	name, title string
	write       func(target string, m pictify.Message) string
}

// requestForms are those of "trigger --as" and of the page, the usual one first.
func requestForms() []requestForm {
	return []requestForm{
		{"curl", "curl", fixtures.CurlCommand},
		{"httpie", "HTTPie", fixtures.HTTPieCommand},
		{"node", "Node (fetch)", nodeProgram},
		{"python", "Python (urllib)", pythonProgram},
		{"go", "Go (net/http)", goProgram},
		{"http", ".http file", func(target string, m pictify.Message) string { return string(fixtures.HTTPText(target, m)) }},
	}
}

// requestForm finds a form by its name.
func findRequestForm(name string) (requestForm, bool) {
	for _, f := range requestForms() {
		if f.name == name {
			return f, true
		}
	}
	return requestForm{}, false
}

func requestFormNames() []string {
	var names []string
	for _, f := range requestForms() {
		names = append(names, f.name)
	}
	return names
}

// copyChoices are the forms as a menu has them.
func copyChoices() []ui.Choice {
	var list []ui.Choice
	for _, f := range requestForms() {
		list = append(list, ui.Choice{Name: f.name, Title: f.title})
	}
	return list
}

func nodeProgram(target string, m pictify.Message) string {
	var b strings.Builder
	b.WriteString("// Node 18 or newer: node send.mjs\nconst answer = await fetch(" + scriptString(target, jsRune) + ", {\n  method: 'POST',\n  headers: {\n")
	for _, f := range m.Header {
		fmt.Fprintf(&b, "    %s: %s,\n", scriptString(f.Name, jsRune), latin1String(f.Value))
	}
	b.WriteString("  },\n  body: ")
	if utf8.Valid(m.Body) {
		b.WriteString(scriptString(string(m.Body), jsRune))
	} else {
		b.WriteString("Buffer.from('" + base64.StdEncoding.EncodeToString(m.Body) + "', 'base64')")
	}
	b.WriteString(",\n});\nconsole.log(answer.status, await answer.text());")
	return b.String()
}

func pythonProgram(target string, m pictify.Message) string {
	var b strings.Builder
	body := scriptString(string(m.Body), pythonRune) + ".encode()"
	if !utf8.Valid(m.Body) {
		b.WriteString("import base64\n")
		body = "base64.b64decode('" + base64.StdEncoding.EncodeToString(m.Body) + "')"
	}
	b.WriteString("import urllib.error\nimport urllib.request\n\nrequest = urllib.request.Request(\n    " + scriptString(target, pythonRune) +
		",\n    method='POST',\n    headers={\n")
	for _, f := range m.Header {
		fmt.Fprintf(&b, "        %s: %s,\n", scriptString(f.Name, pythonRune), latin1String(f.Value))
	}
	b.WriteString("    },\n    data=" + body + ",\n)\ntry:\n    answer = urllib.request.urlopen(request)\n" +
		"except urllib.error.HTTPError as refusal:\n    answer = refusal\nprint(answer.status, answer.read().decode(errors='replace'))")
	return b.String()
}

// goProgram is laid out as gofmt would: a package that does that is a megabyte.
func goProgram(target string, m pictify.Message) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n\t\"fmt\"\n\t\"io\"\n\t\"log\"\n\t\"net/http\"\n\t\"strings\"\n)\n\nfunc main() {\n")
	fmt.Fprintf(&b, "\tbody := %s\n\treq, err := http.NewRequest(\"POST\", %s, strings.NewReader(body))\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n",
		goString(string(m.Body)), goString(target))
	for _, f := range m.Header {
		fmt.Fprintf(&b, "\treq.Header.Set(%s, %s)\n", goString(f.Name), goString(f.Value))
	}
	b.WriteString("\tres, err := http.DefaultClient.Do(req)\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tdefer res.Body.Close()\n" +
		"\tanswer, err := io.ReadAll(res.Body)\n\tfmt.Println(res.Status, string(answer), err)\n}")
	return b.String()
}

// goString is a Go literal: the text as it stands where that can be.
func goString(s string) string {
	if strings.ContainsRune(s, '"') && strconv.CanBackquote(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// scriptString is a literal in single quotes, for JavaScript and Python: all that
// prints stands as it is, the rest as escape writes it.
func scriptString(s string, escape func(rune) string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(escape(r))
		}
	}
	b.WriteByte('\'')
	return b.String()
}

func jsRune(r rune) string { return fmt.Sprintf(`\u{%x}`, r) }

func pythonRune(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// latin1String is a literal of the bytes of s, each a character of its own: what
// fetch and urllib write into a header as one byte.
func latin1String(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, c := range []byte(s) {
		switch {
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}
