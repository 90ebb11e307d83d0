package command

import (
	"strings"

	"github.com/rivo/uniseg"
)

// wrapCells breaks text at blanks into lines of at most width columns of a terminal; a
// word that is longer is cut. There is always one line. The text must be sanitised before.
func wrapCells(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		cells := uniseg.StringWidth(word)
		if line != "" && used+1+cells <= width {
			line, used = line+" "+word, used+1+cells
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for cells > width {
			head := cutCells(word, width)
			lines = append(lines, head)
			word = word[len(head):]
			cells = uniseg.StringWidth(word)
		}
		line, used = word, cells
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// cutCells is the beginning of s that fits into width columns, one character at least.
func cutCells(s string, width int) string {
	g := uniseg.NewGraphemes(s)
	used, end := 0, 0
	for g.Next() {
		used += g.Width()
		if _, to := g.Positions(); used <= width || end == 0 {
			end = to
		} else {
			break
		}
	}
	return s[:end]
}

// padCells fills s with blanks to width columns.
func padCells(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-uniseg.StringWidth(s)))
}
