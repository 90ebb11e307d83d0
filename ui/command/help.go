package command

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
)

// helpWidth is where descriptions of flags wrap.
const helpWidth = 100

// help writes what the command at the end of r's path is for, on stdout. A
// command describes itself in the library's fields, with one convention of
// ours: UsageText holds examples, one a line.
func (e Env) help(r reading) error {
	c := r.last()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage:\n  %s\n", r.name(), c.Usage, usageLine(r.name(), c))
	if c.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(c.Description))
	}
	var rows [][2]string
	for _, sub := range c.Subcommands {
		if !sub.Hidden {
			rows = append(rows, [2]string{sub.Name, sub.Usage})
		}
	}
	section(&b, "Commands", rows)
	var flags []cli.Flag
	for level, c := range r.path {
		if level > 0 && !r.keeps(level) {
			flags = append(flags, c.Flags...)
		}
	}
	section(&b, "Flags", flagRows(flags))
	section(&b, "Global flags", flagRows(r.path[0].Flags))
	if c.UsageText != "" {
		b.WriteString("\nExamples:\n")
		for line := range strings.Lines(strings.TrimSpace(c.UsageText)) {
			b.WriteString("  " + strings.TrimSpace(line) + "\n")
		}
	}
	if len(r.path) == 1 {
		b.WriteString(rootEpilogue)
	}
	p := newPrinter(e, false, "off")
	p.data(strings.TrimSuffix(b.String(), "\n"))
	return p.Err()
}

const rootEpilogue = `
Flags may stand before and after arguments; -- ends them. What a command line does not say is taken
from the environment: --state-dir is PICTAP_STATE_DIR, and so on. PICTIFY_API_KEY, PICTIFY_BASE_URL,
PICTIFY_WEBHOOK_SECRET and NGROK_AUTHTOKEN mean what they mean elsewhere.

"pictap COMMAND --help" tells more about a command.
`

// section writes a heading and rows in two columns, or nothing for no rows.
func section(b *strings.Builder, heading string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	width := 0
	for _, row := range rows {
		width = max(width, len(row[0]))
	}
	fmt.Fprintf(b, "\n%s:\n", heading)
	for _, row := range rows {
		lines := wrap(row[1], helpWidth-width-5)
		fmt.Fprintf(b, "  %s\n", strings.TrimRight(pad(row[0], width)+"   "+lines[0], " "))
		for _, line := range lines[1:] {
			fmt.Fprintf(b, "  %s   %s\n", pad("", width), line)
		}
	}
}

var placeholderForm = regexp.MustCompile("`([^`]*)`")

// flagRows describes flags: "-o, --output FORMAT", and what they do.
func flagRows(flags []cli.Flag) [][2]string {
	var rows [][2]string
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if visible, has := f.(cli.VisibleFlag); !ok || has && !visible.IsVisible() {
			continue
		}
		short, name := "    ", dashed(f.Names()[0])
		for _, alias := range f.Names()[1:] {
			if len(alias) == 1 {
				short = "-" + alias + ", "
			}
		}
		usage := doc.GetUsage()
		if doc.TakesValue() {
			placeholder := "VALUE"
			if m := placeholderForm.FindStringSubmatch(usage); m != nil {
				placeholder = m[1]
			}
			name += " " + placeholder
		}
		usage = strings.ReplaceAll(usage, "`", "")
		if text := defaultText(doc); text != "" {
			usage += " (default " + text + ")"
		}
		rows = append(rows, [2]string{short + name, usage})
	}
	return rows
}

// defaultText is a flag's default, "" when it is the zero value or off, or when
// its DefaultText is "-" because the usage says it in words.
func defaultText(f cli.DocGenerationFlag) string {
	text := strings.Trim(f.GetDefaultText(), `"`)
	if !f.TakesValue() || text == "0" || text == "0s" || text == "-" {
		return ""
	}
	return text
}

// wrap breaks text at blanks into lines of at most width bytes, where that is
// possible. There is always one line.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
