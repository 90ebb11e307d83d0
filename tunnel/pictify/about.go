package pictify

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxAbout = 120 // runes

// About says in one line what the event is about, at most 120 printable runes:
//
//	render.completed  tmpl_xyz789 1200×630 png
//	render.failed     tmpl_xyz789 Template not found (TEMPLATE_NOT_FOUND)
//	batch.completed   498/500 items, 2 failed
//	binding.updated   bind_abc123 stars 100→105
//	binding.failed    bind_abc123 Data source returned 500, retry 3
//
// What is absent or of another type than documented is left out, so the line may
// be empty; it is for an undocumented event type.
func (e Event) About() string {
	d := readDetails(e.Data)
	var line string
	switch e.Type {
	case RenderCompleted:
		id := d.text("templateId")
		if id == "" {
			id = d.text("imageId")
		}
		line = join(id, d.size(), d.text("format"))
	case RenderFailed:
		line = join(d.text("templateId"), d.text("error"), brackets(d.text("errorCode")))
	case BatchCompleted, BatchFailed:
		line = d.progress()
	case BindingUpdated:
		line = join(d.text("bindingId"), changes(d["previousData"], d["newData"]))
	case BindingFailed:
		line = join(d.text("bindingId"), d.text("error"))
		if n := d.number("retryCount"); n != "" {
			line += ", retry " + n
		}
	}
	return printable(line, maxAbout)
}

// details are the members of an event's data, undecoded.
type details map[string][]byte

// wanted lists what a line can be made of; the rest of the data, variables above
// all, is stepped over.
func wanted(key string) bool {
	switch key {
	case "templateId", "imageId", "width", "height", "format", "error", "errorCode",
		"totalCount", "completedCount", "failedCount", "bindingId", "previousData", "newData", "retryCount":
		return true
	}
	return false
}

func readDetails(data []byte) details {
	d := make(details, 8)
	for key, value := range members(data) {
		if wanted(string(key)) {
			d[string(key)] = value
		}
	}
	return d
}

func (d details) text(key string) string {
	s, _ := textOf(d[key])
	return s
}

// number returns a whole number as it is written, "" for anything else.
func (d details) number(key string) string {
	value := d[key]
	if len(value) == 0 || len(value) > maxTimeDigits {
		return ""
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return ""
		}
	}
	return string(value)
}

func (d details) size() string {
	w, h := d.number("width"), d.number("height")
	if w == "" || h == "" {
		return ""
	}
	return w + "×" + h
}

func (d details) progress() string {
	completed, total := d.number("completedCount"), d.number("totalCount")
	if completed == "" || total == "" {
		return ""
	}
	line := completed + "/" + total + " items"
	if failed := d.number("failedCount"); failed != "" && failed != "0" {
		line += ", " + failed + " failed"
	}
	return line
}

// changes names the first member that differs, with both values when they are
// short, and counts the others: "stars 100→105, 2 more". Members are matched by
// name; one that newData lacks is not mentioned.
func changes(previous, current []byte) string {
	before := make(map[string][]byte)
	for key, value := range members(previous) {
		if len(before) == maxCompared {
			return ""
		}
		before[string(key)] = value
	}
	line, more, n := "", 0, 0
	for key, value := range members(current) {
		if n++; n > maxCompared {
			return ""
		}
		old, known := before[string(key)]
		switch {
		case known && bytes.Equal(old, value):
		case line != "":
			more++
		case known && short(old) && short(value):
			line = fmt.Sprintf("%s %s→%s", key, unquoted(old), unquoted(value))
		default:
			line = string(key)
		}
	}
	if more > 0 {
		line += fmt.Sprintf(", %d more", more)
	}
	return line
}

// maxCompared bounds the work of changes; a data source may have anything in it.
const maxCompared = 64

// short reports whether a value is a scalar that fits beside another one.
func short(value []byte) bool {
	return len(value) > 0 && len(value) <= 24 && value[0] != '{' && value[0] != '['
}

func unquoted(value []byte) string {
	if s, ok := textOf(value); ok {
		return s
	}
	return string(value)
}

func brackets(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

// join puts blanks between the parts that are not empty.
func join(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if part != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(part)
	}
	return b.String()
}

// printable makes one line of s, of at most limit runes: what cannot be printed
// (control characters, line breaks, characters that turn the reading direction)
// becomes a blank, and the end is cut off.
func printable(s string, limit int) string {
	if most := (limit + 1) * utf8.UTFMax; len(s) > most {
		s = s[:most] // still more than limit runes
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
	runes := 0
	cut := 0 // where the last rune that is kept begins
	for i := range s {
		if runes++; runes == limit {
			cut = i
		}
	}
	if runes > limit {
		return s[:cut] + "…"
	}
	return s
}
