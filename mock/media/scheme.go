package media

import (
	"image/color"
	"math/rand/v2"
)

// A scheme is the colours of a picture. Text can be read on all of its ground and on
// whatever lies between the two.
type scheme struct {
	ground ground
	title  color.NRGBA // and the text of variables
	muted  color.NRGBA // labels and small print
	accent color.NRGBA
	line   color.NRGBA   // of orbits; nearly clear
	discs  []color.NRGBA // of planets; half clear
}

// designs are grounds that were chosen by eye, with what stands out on them.
var designs = []struct{ from, to, text, accent string }{
	{"#1e1b4b", "#5b21b6", "#ffffff", "#fbbf24"}, // indigo, amber
	{"#0f172a", "#115e59", "#f0fdfa", "#5eead4"}, // night, teal
	{"#0b1437", "#1d4ed8", "#ffffff", "#7dd3fc"}, // sea
	{"#3b0764", "#9d174d", "#fff1f2", "#fda4af"}, // plum, rose
	{"#052e16", "#166534", "#f7fee7", "#bef264"}, // forest
	{"#431407", "#9a3412", "#fff7ed", "#fdba74"}, // ember
	{"#111827", "#374151", "#f9fafb", "#f472b6"}, // slate, pink
	{"#fff7ed", "#fed7aa", "#431407", "#ea580c"}, // apricot
	{"#f0f9ff", "#bae6fd", "#0c4a6e", "#0284c7"}, // sky
	{"#f0fdf4", "#bbf7d0", "#14532d", "#059669"}, // mint
	{"#faf5ff", "#ddd6fe", "#3b0764", "#7c3aed"}, // lavender
	{"#fafaf9", "#e7e5e4", "#1c1917", "#dc2626"}, // paper, red
}

func hexColor(s string) color.NRGBA {
	c, ok := parseColor(s)
	if !ok {
		panic("not a colour: " + s)
	}
	return c
}

// chance is what follows from a seed.
func chance(seed uint64) *rand.PCG { return rand.NewPCG(seed, 0x70696374617021) }

// between returns a number from low to high, both included. It does not use rand.IntN,
// whose way of doing so may change.
func between(c *rand.PCG, low, high int) int {
	return low + int(c.Uint64()>>33)%(high-low+1)
}

// choose returns the scheme of a picture.
func choose(p Picture, c *rand.PCG) scheme {
	first := between(c, 0, len(designs)-1)
	background, hasBackground := parseColor(p.Background)
	text, hasText := parseColor(p.Text)
	hasText = hasText && text.A > 0
	d := designs[first]
	s := scheme{ground: ground{hexColor(d.from), hexColor(d.to)}, title: hexColor(d.text), accent: hexColor(d.accent)}
	switch {
	case hasBackground:
		background = p.Format.canShow(background)
		s.ground = ground{background, background}
		if contrast(s.title, paper(background)) < readable {
			s.title = darkOrWhite(paper(background))
		}
		if contrast(s.accent, paper(background)) < readableLarge {
			s.accent = s.title
		}
	case hasText: // the first design on which it can be read
		for i := range designs {
			d := designs[(first+i)%len(designs)]
			g := ground{hexColor(d.from), hexColor(d.to)}
			if contrast(text, g.from) >= readable && contrast(text, g.to) >= readable {
				s.ground, s.accent = g, hexColor(d.accent)
				break
			}
		}
	}
	from, to := paper(s.ground.from), paper(s.ground.to)
	if hasText {
		s.title = legible(withAlpha(text, 255), readableLarge, from, to)
	}
	s.muted = legible(mix(s.title, mix(from, to, 128), 80), readable, from, to)
	if contrast(s.title, from) < readable || contrast(s.title, to) < readable {
		s.muted = s.title
	}
	s.accent = legible(s.accent, readableLarge, from, to)
	s.line = faint(s.title, 44, s.title, from, to)
	for i, ink := range []color.NRGBA{s.accent, mix(s.accent, s.title, 128), s.title} {
		s.discs = append(s.discs, faint(ink, []uint8{150, 110, 70}[i], s.title, from, to))
	}
	if p.Format == GIF && s.ground.clear() { // nothing can be half clear
		s.line = over(s.line, white)
		for i := range s.discs {
			s.discs[i] = over(s.discs[i], white)
		}
	}
	return s
}

// darkOrWhite is the colour of text on a ground that somebody else chose.
func darkOrWhite(ground color.NRGBA) color.NRGBA {
	dark := hexColor("#111827")
	if contrast(white, ground) >= readable {
		return white
	}
	return legible(dark, readable, ground)
}

// canShow returns what the format makes of a colour that may be half clear.
func (f Format) canShow(c color.NRGBA) color.NRGBA {
	switch {
	case f == PNG || f == WebP || c.A == 255:
		return c
	case f == GIF && c.A < 128, f == PDF && c.A == 0:
		return color.NRGBA{}
	}
	return paper(c)
}

// paper is what is seen of a ground on white paper.
func paper(c color.NRGBA) color.NRGBA { return over(c, white) }

// faint returns ink with as much of the alpha as leaves the text readable where it runs over
// it. When no ink of that colour does, it is white under dark text and black under light text.
func faint(ink color.NRGBA, alpha uint8, text color.NRGBA, grounds ...color.NRGBA) color.NRGBA {
	for ; alpha >= 6; alpha -= 6 {
		fine := true
		for _, g := range grounds {
			seen := over(withAlpha(ink, alpha), g)
			fine = fine && contrast(text, seen) >= min(readableLarge+50, contrast(text, g))
		}
		if fine {
			return withAlpha(ink, alpha)
		}
	}
	if luminance(text) < luminance(grounds[0]) {
		return withAlpha(white, 40)
	}
	return withAlpha(black, 40)
}
