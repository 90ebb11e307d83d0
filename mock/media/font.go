package media

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A face is one of the three fonts.
type face int

const (
	regular face = iota
	bold
	mono
)

// The fonts are those of golang.org/x/image/font/gofont, which takes twice the room in
// the binary. A test compares the two; TestFonts -update writes the files anew.
var (
	//go:embed fonts/Go-Regular.ttf.gz
	packedRegular []byte
	//go:embed fonts/Go-Bold.ttf.gz
	packedBold []byte
	//go:embed fonts/Go-Mono.ttf.gz
	packedMono []byte

	packed = [...][]byte{regular: packedRegular, bold: packedBold, mono: packedMono}
)

// ttf is the font as a file. Nobody may write into it.
func (f face) ttf() []byte { return typefaces[f]().ttf }

// unpack panics when a font that is compiled in cannot be read, as parseFace does.
func unpack(f face) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed[f]))
	if err != nil {
		panic(fmt.Errorf("unpack font: %w", err))
	}
	ttf, err := io.ReadAll(r)
	if err != nil {
		panic(fmt.Errorf("unpack font: %w", err))
	}
	return bytes.Clone(ttf) // in no more room than it needs
}

// A typeface is a parsed font. It is safe for concurrent use: what it reads into is the caller's.
type typeface struct {
	ttf      []byte
	font     *sfnt.Font
	advances []int // of each glyph, in unitsPerEm
}

// unitsPerEm is what Go's fonts are drawn in.
const unitsPerEm = 2048

var typefaces = [...]func() typeface{
	regular: sync.OnceValue(func() typeface { return parseFace(regular) }),
	bold:    sync.OnceValue(func() typeface { return parseFace(bold) }),
	mono:    sync.OnceValue(func() typeface { return parseFace(mono) }),
}

// parseFace panics when a font that is compiled in cannot be read.
func parseFace(f face) typeface {
	ttf := unpack(f)
	parsed, err := sfnt.Parse(ttf)
	if err != nil {
		panic(fmt.Errorf("parse font: %w", err))
	}
	t := typeface{ttf: ttf, font: parsed, advances: make([]int, parsed.NumGlyphs())}
	var buffer sfnt.Buffer
	for i := range t.advances {
		advance, err := parsed.GlyphAdvance(&buffer, sfnt.GlyphIndex(i), fixed.Int26_6(unitsPerEm<<6), font.HintingNone)
		if err != nil {
			panic(fmt.Errorf("advance of glyph %d: %w", i, err))
		}
		t.advances[i] = int(advance >> 6)
	}
	return t
}

// glyph returns the glyph of r, or false when the font lacks it.
func (f face) glyph(r rune) (sfnt.GlyphIndex, bool) {
	i, err := typefaces[f]().font.GlyphIndex(nil, r)
	return i, err == nil && i != 0
}

// advance is how far the pen moves after the glyph, in the unit of size.
func (f face) advance(g sfnt.GlyphIndex, size int) int {
	return (typefaces[f]().advances[g]*size + unitsPerEm/2) / unitsPerEm
}

// Of the em of all three fonts, in hundredths.
const (
	ascent    = 74 // of capitals and what stands as high
	xHeight   = 53
	descent   = 21
	leading   = 128 // from line to line, of text
	leadTitle = 112
)

func part(size, hundredths int) int { return size * hundredths / 100 }

// outline returns the glyph's contours, with the pen at 0, 0 and y downwards, at a size in 1/64 of a pixel.
func (f face) outline(g sfnt.GlyphIndex, size int) sfnt.Segments {
	var buffer sfnt.Buffer
	segments, err := typefaces[f]().font.LoadGlyph(&buffer, g, fixed.Int26_6(size), nil)
	if err != nil {
		return nil // coloured glyphs only, of which there are none
	}
	return segments
}
