package media

import "image/color"

// What only tests may see.
var (
	ParseColor = parseColor
	Contrast   = contrast
)

// A Seen is what text in one of the colours may stand on.
type Seen struct {
	Texts   []color.NRGBA // opaque
	Grounds []color.NRGBA // from level to level, bare and under the lines and discs that lie on it
}

// SchemeOf returns what the colours of p are made to.
func SchemeOf(p Picture) Seen {
	s := choose(p, chance(p.Seed))
	seen := Seen{Texts: []color.NRGBA{s.title}}
	for _, level := range s.ground.levels(groundLevels) {
		bare := paper(level)
		seen.Grounds = append(seen.Grounds, bare, over(s.line, bare))
		for _, d := range s.discs {
			seen.Grounds = append(seen.Grounds, over(d, bare))
		}
	}
	return seen
}

// PrefixLengths returns the lengths of a code for symbols that come so often.
func PrefixLengths(counts []uint32, longest int) []uint8 {
	return newPrefixCode(counts, longest).lengths
}

// GlyphBytes returns what is remembered of glyphs, and its bound.
func GlyphBytes() (got, bound int) {
	glyphs.Lock()
	defer glyphs.Unlock()
	return glyphs.bytes, glyphBudget
}
