package mock

import (
	"html"
	"strings"
	"unicode/utf8"
)

// What is kept of a page for drawing it.
const (
	maxLines     = 40
	maxLine      = 300     // bytes
	maxPageText  = 4 << 10 // bytes of all lines
	maxPageScan  = 1 << 20 // bytes that are looked at
	maxStyleScan = 64 << 10
)

// blocks are the elements that begin a line of their own.
var blocks = map[string]bool{
	"address": true, "article": true, "aside": true, "blockquote": true, "br": true, "dd": true, "div": true, "dl": true, "dt": true,
	"figcaption": true, "footer": true, "form": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "header": true,
	"hr": true, "li": true, "main": true, "nav": true, "ol": true, "p": true, "pre": true, "section": true, "table": true, "td": true,
	"th": true, "title": true, "tr": true, "ul": true, "body": true, "html": true,
}

// silent are the elements whose content nobody sees. The value is how they end.
var silent = map[string]string{
	"script": "</script", "style": "</style", "template": "</template", "noscript": "</noscript", "svg": "</svg",
}

// A lineWriter gathers text into lines, bounded.
type lineWriter struct {
	lines []string
	line  strings.Builder
	space bool
	bytes int
}

func (w *lineWriter) text(s string) {
	for _, r := range html.UnescapeString(s) {
		switch {
		case r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' || r == '\u00a0':
			w.space = w.line.Len() > 0
			continue
		case r < 0x20 || r == 0x7f || r == utf8.RuneError || w.line.Len() >= maxLine:
			continue
		}
		if w.space {
			w.line.WriteByte(' ')
			w.space = false
		}
		w.line.WriteRune(r)
	}
}

// end ends a line, if something is in it.
func (w *lineWriter) end() {
	if w.line.Len() > 0 && !w.full() {
		w.lines = append(w.lines, w.line.String())
		w.bytes += w.line.Len()
	}
	w.line.Reset()
	w.space = false
}

func (w *lineWriter) full() bool { return len(w.lines) >= maxLines || w.bytes >= maxPageText }

// pageText returns the text that a page of HTML shows, line by line. It is no
// parser of HTML: it is enough to recognise a page by, and cannot be led astray to
// more than one pass over it.
func pageText(page string) []string {
	page = page[:min(len(page), maxPageScan)]
	var w lineWriter
	for page != "" && !w.full() {
		text, rest, found := strings.Cut(page, "<")
		w.text(text)
		if !found {
			break
		}
		if !isTag(rest) { // a "<" that is text
			w.text("<")
			page = rest
			continue
		}
		page = skipTag(rest, &w)
	}
	w.end()
	return w.lines
}

func isTag(rest string) bool {
	return rest != "" && (rest[0] == '/' || rest[0] == '!' || rest[0] == '?' || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z')
}

// skipTag returns what follows a tag, and what nobody sees in it.
func skipTag(rest string, w *lineWriter) string {
	if comment, ok := strings.CutPrefix(rest, "!--"); ok {
		_, after, _ := strings.Cut(comment, "-->")
		return after
	}
	name, after := tag(rest)
	closing := strings.HasPrefix(name, "/")
	name = strings.ToLower(strings.TrimPrefix(name, "/"))
	if blocks[name] {
		w.end()
	}
	if end := silent[name]; end != "" && !closing {
		return after[foldIndex(after, end):]
	}
	return after
}

// tag splits a tag into its name and what follows its end.
func tag(rest string) (name, after string) {
	n := strings.IndexAny(rest[1:], " \t\r\n\f/>")
	if n < 0 {
		return rest, ""
	}
	name = rest[:n+1]
	var quote byte
	for i := n + 1; i < len(rest); i++ {
		switch b := rest[i]; {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '>':
			return name, rest[i+1:]
		}
	}
	return name, ""
}

// foldIndex finds lower-case ASCII in any case; the end when it is not there.
func foldIndex(s, lower string) int {
	for i := 0; i+len(lower) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lower)], lower) {
			return i
		}
	}
	return len(s)
}

// A colour by name counts only when it is all that is said; others also within a
// gradient.
const colorForm = `(?:([a-z]{3,20})\s*[;"'}<]|[^;"'}<]{0,120}?(#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([0-9a-z., %/]{1,40}\)))`

var (
	backgroundStyle = lazily(`(?i)background(?:-color)?\s*:\s*` + colorForm)
	inkStyle        = lazily(`(?i)(?:^|[;{"'\s])color\s*:\s*` + colorForm)
)

// pageColors returns the first colours that a page names for its background and
// its text, as they are written there; "" for none.
func pageColors(page string) (background, ink string) {
	page = page[:min(len(page), maxStyleScan)]
	if m := backgroundStyle().FindStringSubmatch(page); m != nil {
		background = m[1] + m[2]
	}
	if m := inkStyle().FindStringSubmatch(page); m != nil {
		ink = m[1] + m[2]
	}
	return background, ink
}
