package media

import "strings"

// A textLine is some clusters in a row.
type textLine struct {
	clusters []cluster
	width    int
}

// A setter puts words into lines: of a face, at a size and within a width, both in 1/64.
type setter struct {
	face  face
	size  int
	width int
}

// advance is how far the pen moves after c.
func (s setter) advance(c cluster) int {
	switch {
	case c.tile != "" && c.wide:
		return part(s.size, 108)
	case c.tile != "":
		return part(s.size, 80)
	}
	return s.face.advance(c.glyph, s.size)
}

// sign is a character that the fonts have.
func (s setter) sign(r rune) cluster {
	g, _ := s.face.glyph(r)
	return cluster{text: string(r), glyph: g}
}

func (s setter) add(l *textLine, clusters ...cluster) {
	for _, c := range clusters {
		l.clusters = append(l.clusters, c)
		l.width += s.advance(c)
	}
}

func (s setter) widthOf(clusters []cluster) (width int) {
	for _, c := range clusters {
		width += s.advance(c)
	}
	return width
}

// wrap sets words in at most so many lines. When they do not fit, the last line ends with
// an ellipsis. A word that is wider than a line is broken anywhere. Nothing is set where
// not even a letter fits. Whole is false after all three.
func (s setter) wrap(words []word, most int) (lines []textLine, whole bool) {
	broken := false
	var line textLine
	space := s.sign(' ')
	end := func() { lines, line = append(lines, line), textLine{} }
	for _, w := range words {
		if len(lines) >= most {
			break
		}
		gap := 0
		if w.gap && len(line.clusters) > 0 {
			gap = s.advance(space)
		}
		width := s.widthOf(w.clusters)
		if line.width+gap+width <= s.width {
			if gap > 0 {
				s.add(&line, space)
			}
			s.add(&line, w.clusters...)
			continue
		}
		if len(line.clusters) > 0 {
			end()
		}
		for _, c := range w.clusters {
			if advance := s.advance(c); line.width+advance > s.width {
				if len(line.clusters) == 0 || len(lines) >= most {
					break
				}
				broken = true
				end()
			}
			s.add(&line, c)
		}
	}
	if len(line.clusters) > 0 {
		end()
	}
	if count(lines) >= countWords(words) && len(lines) <= most {
		return lines, !broken
	}
	return s.cut(lines[:min(most, len(lines))]), false
}

// cut ends the last line with an ellipsis, in place of as many clusters as that takes.
func (s setter) cut(lines []textLine) []textLine {
	if len(lines) == 0 {
		return nil
	}
	last := &lines[len(lines)-1]
	ellipsis := s.sign('…')
	for n := len(last.clusters); n > 0; n-- {
		gone := last.clusters[n-1]
		if last.width+s.advance(ellipsis) <= s.width && strings.TrimSpace(gone.text+gone.tile) != "" {
			break
		}
		last.clusters, last.width = last.clusters[:n-1], last.width-s.advance(gone)
	}
	if s.advance(ellipsis) <= s.width {
		s.add(last, ellipsis)
	}
	return lines
}

// count and countWords count what is to be seen, without spaces.
func count(lines []textLine) (n int) {
	for _, l := range lines {
		for _, c := range l.clusters {
			if c.text != " " {
				n++
			}
		}
	}
	return n
}

func countWords(words []word) (n int) {
	for _, w := range words {
		n += len(w.clusters)
	}
	return n
}
