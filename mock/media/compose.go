package media

import (
	"fmt"
	"strings"
)

// Sizes below which nobody reads: what would need them is left out.
const (
	leastSide = 40 // pixels, of a picture with text
	leastText = 8  // pixels, of the height of a font
)

// A layout composes a scene. All lengths are in 1/64.
type layout struct {
	scene   *scene
	scheme  scheme
	picture Picture
	page    int
	w, h    int
	margin  int
	y       int // the top of what is free
	bottom  int // and its end
	wide    bool
	title   int // sizes of fonts
	text    int
	small   int
}

// compose places everything that is in a picture, or on one of its pages, which are counted from 0.
func compose(p Picture, page int) *scene {
	c := chance(p.Seed)
	s := choose(p, c)
	scene := &scene{w: p.Width, h: p.Height, ground: s.ground}
	if len(p.Pages) > 0 {
		p.Title, p.Lines = p.Pages[page].Title, p.Pages[page].Lines
	}
	basis := basisOf(p.Width, p.Height)
	ornament(scene, s, c, basis)
	if min(p.Width, p.Height) < leastSide {
		return scene
	}
	l := &layout{scene: scene, scheme: s, picture: p, page: page, w: p.Width * subpixel, h: p.Height * subpixel}
	l.wide = p.Width*10 > p.Height*13
	l.margin = part(basis, 7)
	l.title = max(part(basis, 9), 11*subpixel)
	l.text = max(part(basis, textSize(p.Lines))/10, 9*subpixel)
	l.small = max(part(basis, 23)/10, leastText*subpixel)
	l.y, l.bottom = l.margin, l.h-l.margin
	if p.Width > 4*p.Height {
		l.banner()
		return scene
	}
	l.footer()
	l.heading()
	l.lines(p.Lines)
	return scene
}

// basisOf is what sizes are measured by, in 1/64: the side of a square of the same
// area, unless the picture is so long that its short side decides.
func basisOf(w, h int) int {
	return subpixel * min(int(root(int64(w)*int64(h))), 2*min(w, h))
}

// textSize is the size of a text in thousandths of the basis: the less there is, the larger.
func textSize(lines []Line) int {
	length := 0
	for _, line := range lines {
		length += 40 + len(line.Text)
	}
	switch {
	case length < 160:
		return 46
	case length < 320:
		return 40
	}
	return 36
}

// banner is for pictures that are much wider than high: one line, and the badge if there is room.
func (l *layout) banner() {
	middle := l.h / 2
	width := l.w - 2*l.margin
	small := max(min(l.small, part(l.h, 20)), leastText*subpixel)
	if badge := l.badge(small); badge.width*2 < width {
		l.putBadge(badge, middle+part(small, 36), small)
		width -= badge.width + l.margin
	}
	size := part(l.h, 30)
	lines := l.fit(l.picture.Title, bold, width, 1, size, part(size, 80), part(size, 65))
	for _, line := range lines.lines {
		l.scene.text(bold, lines.size, l.margin, middle+part(lines.size, 36), line.clusters, l.scheme.title)
	}
}

// footer places the id and the badge, and ends what is free above them.
func (l *layout) footer() {
	width := l.w - 2*l.margin
	baseline := l.bottom - part(l.small, 30)
	rest := width
	if badge := l.badge(l.small); badge.width+2*l.small < width {
		l.putBadge(badge, baseline, l.small)
		l.bottom = baseline - part(l.small, 200)
		rest -= badge.width + part(l.small, 300)
	}
	words := mono.words(l.picture.ID)
	lines, whole := setter{mono, l.small, rest}.wrap(words, 1)
	if !whole && rest < width && !l.wide { // above the badge
		baseline -= part(l.small, 230)
		lines, _ = setter{mono, l.small, width}.wrap(words, 1)
	}
	for _, line := range lines {
		l.scene.text(mono, l.small, l.margin, baseline, line.clusters, l.scheme.muted)
		l.bottom = baseline - part(l.small, 200)
	}
}

// badge is the size and the format, in words.
func (l *layout) badge(size int) textLine {
	p := l.picture
	text := fmt.Sprintf("%d × %d %s", p.Width, p.Height, strings.ToUpper(string(p.Format)))
	switch {
	case p.Format == WebP:
		text = fmt.Sprintf("%d × %d WebP", p.Width, p.Height)
	case p.Format == PDF && len(p.Pages) > 1:
		text = fmt.Sprintf("%d × %d pt · %d/%d", p.Width, p.Height, l.page+1, len(p.Pages))
	case p.Format == PDF:
		text = fmt.Sprintf("%d × %d pt PDF", p.Width, p.Height)
	}
	set := setter{bold, size, l.w}
	lines, _ := set.wrap(bold.words(text), 1)
	return lines[0]
}

// putBadge puts the badge into the right corner, in a frame.
func (l *layout) putBadge(badge textLine, baseline, size int) {
	right := l.w - l.margin
	middle := baseline - part(size, 36)
	b := box{right - badge.width - part(size, 160), middle - part(size, 90), right, middle + part(size, 90), size, max(subpixel, part(size, 8)), l.scheme.muted}
	b.ink.A = 130
	l.scene.boxes = append(l.scene.boxes, b)
	l.scene.text(bold, size, b.x0+part(size, 80), baseline, badge.clusters, l.scheme.muted)
}

// heading places a short rule and the title.
func (l *layout) heading() {
	width := l.w - 2*l.margin
	most := 4
	if l.wide {
		width, most = part(width, 78), 3
	}
	set := l.fit(l.picture.Title, bold, width, most, l.title, part(l.title, 82), part(l.title, 68), part(l.title, 56), part(l.title, 46))
	if room := l.bottom - l.y; len(set.lines)*part(set.size, leadTitle) > part(room, 70) {
		most = max(1, part(room, 70)/part(set.size, leadTitle))
		set = l.fit(l.picture.Title, bold, width, most, part(l.title, 68), part(l.title, 56), part(l.title, 46))
	}
	rule := max(2*subpixel, part(l.title, 9))
	l.scene.boxes = append(l.scene.boxes, box{l.margin, l.y, l.margin + part(l.title, 110), l.y + rule, rule / 2, 0, l.scheme.accent})
	l.y += rule + part(l.title, 36)
	for _, line := range set.lines {
		l.scene.text(bold, set.size, l.margin, l.y+part(set.size, ascent), line.clusters, l.scheme.title)
		l.y += part(set.size, leadTitle)
	}
	l.y += part(l.title, 28)
}

// A fitted text is set in the largest size in which it is whole, or cut in the smallest.
type fitted struct {
	lines []textLine
	size  int
}

func (l *layout) fit(text string, f face, width, most int, sizes ...int) (best fitted) {
	words := f.words(text)
	for _, size := range sizes {
		if size = max(size, leastText*subpixel); size == best.size {
			continue
		}
		lines, whole := setter{f, size, width}.wrap(words, most)
		best = fitted{lines, size}
		if whole {
			break
		}
	}
	return best
}
