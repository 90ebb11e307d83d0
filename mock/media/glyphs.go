package media

import (
	"sync"

	"golang.org/x/image/font/sfnt"
)

// Bounds of what is remembered of glyphs, in bytes.
const (
	glyphBudget  = 2 << 20 // of all
	glyphLargest = 64 << 10
	glyphCost    = 128 // of each, beside its pixels
)

// A glyphKey is a glyph at a size, with the pen at one of four places in a pixel.
type glyphKey struct {
	face  face
	index sfnt.GlyphIndex
	size  int
	shift int
}

// glyphs remembers what was rasterized. When the budget is used up it begins anew, which is
// as good as anything here: a mock draws the same templates again and again.
var glyphs struct {
	sync.Mutex
	masks map[glyphKey]*mask // guarded, but what it holds is never changed
	bytes int
}

const shiftStep = subpixel / 4

// glyphMask returns the coverage of a glyph whose pen is at x, and the pixel of the pen.
func glyphMask(f face, g sfnt.GlyphIndex, size, x int) (*mask, int) {
	x += shiftStep / 2
	key := glyphKey{f, g, size, (x & (subpixel - 1)) / shiftStep * shiftStep}
	glyphs.Lock()
	m := glyphs.masks[key]
	glyphs.Unlock()
	if m == nil {
		m = fill(f.outline(g, size), key.shift)
		rememberGlyph(key, m)
	}
	return m, floor(x)
}

func rememberGlyph(key glyphKey, m *mask) {
	cost := len(m.pix) + glyphCost
	if cost > glyphLargest {
		return
	}
	glyphs.Lock()
	defer glyphs.Unlock()
	if glyphs.masks == nil || glyphs.bytes+cost > glyphBudget {
		glyphs.masks, glyphs.bytes = map[glyphKey]*mask{}, 0
	}
	if glyphs.masks[key] == nil { // else another goroutine was quicker
		glyphs.bytes += cost
	}
	glyphs.masks[key] = m
}
