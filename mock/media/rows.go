package media

import (
	"fmt"
	"slices"
)

// lines places variables, in rows of cells, and paragraphs, as many as there is room for.
func (l *layout) lines(all []Line) {
	width := l.w - 2*l.margin
	columns := 1
	named := 0
	for _, line := range all {
		if line.Name != "" {
			named++
		}
	}
	switch {
	case l.wide && named > 6:
		columns = 3
	case l.wide && named > 1:
		columns, width = 2, part(width, 74)
	case l.wide:
		width = part(width, 66)
	case named > 8 && width > 24*l.text:
		columns = 2
	}
	for len(all) > 0 {
		n := 1
		if all[0].Name != "" {
			n = slices.IndexFunc(all, func(line Line) bool { return line.Name == "" })
			if n < 0 {
				n = len(all)
			}
			n = min(n, columns)
		}
		height := l.row(all[:n], width, columns)
		if height == 0 {
			l.more(len(all))
			return
		}
		l.y += height
		all = all[n:]
	}
}

// row places some cells, or a paragraph, and returns its height, which is 0 when there is no room.
func (l *layout) row(cells []Line, width, columns int) (height int) {
	lead := part(l.text, leading)
	if cells[0].Name == "" {
		room := (l.bottom - l.y) / lead
		lines, _ := setter{regular, l.text, width}.wrap(regular.words(cells[0].Text), room)
		for i, line := range lines {
			l.scene.text(regular, l.text, l.margin, l.y+i*lead+part(l.text, ascent), line.clusters, l.scheme.title)
		}
		if len(lines) == 0 && room > 0 {
			return 1 // nothing to see, or nothing that fits
		}
		return len(lines)*lead + min(len(lines), 1)*part(l.text, 50)
	}
	gap := part(l.text, 150)
	cell := (width - (columns-1)*gap) / columns
	label := max(part(l.text, 72), leastText*subpixel)
	top := part(label, leading)
	most := min((l.bottom-l.y-top)/lead, 2)
	if columns == 1 {
		most = min((l.bottom-l.y-top)/lead, 3)
	}
	if most < 1 {
		return 0
	}
	for i, c := range cells {
		x := l.margin + i*(cell+gap)
		names, _ := setter{regular, label, cell}.wrap(regular.words(c.Name), 1)
		for _, line := range names {
			l.scene.text(regular, label, x, l.y+part(label, ascent), line.clusters, l.scheme.muted)
		}
		values, _ := setter{regular, l.text, cell}.wrap(regular.words(c.Text), most)
		if len(values) == 0 {
			values, _ = setter{regular, l.text, cell}.wrap(regular.words("—"), 1)
		}
		for j, line := range values {
			l.scene.text(regular, l.text, x, l.y+top+j*lead+part(l.text, ascent), line.clusters, l.scheme.title)
		}
		height = max(height, top+len(values)*lead)
	}
	return height + part(l.text, 55)
}

// more says how much was left out, if there is room for that.
func (l *layout) more(n int) {
	if l.y > l.bottom {
		return
	}
	set := setter{regular, l.small, l.w - 2*l.margin}
	lines, _ := set.wrap(regular.words(fmt.Sprintf("+ %d more", n)), 1)
	for _, line := range lines {
		l.scene.text(regular, l.small, l.margin, l.y+part(l.small, ascent), line.clusters, l.scheme.muted)
	}
}
