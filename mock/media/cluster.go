package media

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// maxText is how many bytes of a text are looked at. More would fit nowhere.
const maxText = 8 << 10

// A cluster is what a reader takes for one character: a glyph or, when the font has none, a tile.
type cluster struct {
	source string // as it was, without what cannot be seen
	text   string // the character of the glyph; "" of a tile
	glyph  sfnt.GlyphIndex
	tile   string // what is written on it
	wide   bool   // a line may break before and after it, as in Chinese
}

// A word is what stands on one line if it can.
type word struct {
	clusters []cluster
	gap      bool // there is white space before it
}

// words splits a text. Control characters, what has no width of its own and what turns
// the direction of the text are left out.
func (f face) words(s string) []word {
	if len(s) > maxText {
		end := maxText
		for end > maxText-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end-- // not through a character
		}
		s = s[:end]
	}
	var words []word
	for _, field := range strings.FieldsFunc(s, unicode.IsSpace) {
		gap, alone := true, true
		for state := -1; field != ""; {
			var text string
			var width int
			text, field, width, state = uniseg.FirstGraphemeClusterInString(field, state)
			c, visible := f.cluster(text)
			if !visible {
				continue
			}
			c.wide = width > 1
			if gap || (alone || c.wide) && !c.closes() {
				words = append(words, word{gap: gap})
			}
			gap, alone = false, c.wide
			last := &words[len(words)-1]
			last.clusters = append(last.clusters, c)
		}
	}
	return words
}

// closes says that c stands better at the end of a line than at the beginning of the next.
func (c cluster) closes() bool {
	return c.text != "" && strings.Contains(",.;:!?…)]}”’»%", c.text)
}

// cluster returns how to show one grapheme cluster, or false when there is nothing to see.
func (f face) cluster(text string) (c cluster, visible bool) {
	runes := visibleRunes(text)
	if len(runes) == 0 {
		return c, false
	}
	c.source = string(runes)
	composed := []rune(norm.NFC.String(c.source))
	if _, known := f.glyph(composed[0]); !known {
		if plain := []rune(norm.NFKC.String(c.source)); len(plain) == 1 {
			composed = plain // a full-width letter, say
		}
		composed[0] = substitute(composed[0])
	}
	// The fonts have letters with their accents, but no accents to put on other letters:
	// those are left out, as many as there may be.
	var known bool
	if c.glyph, known = f.glyph(composed[0]); known {
		c.text = string(composed[0])
	} else {
		c.tile = tileText(composed)
	}
	return c, true
}

func visibleRunes(text string) []rune {
	var runes []rune
	for _, r := range text { // invalid bytes come as U+FFFD, which the fonts have
		selector := r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef
		if !selector && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp) {
			runes = append(runes, r)
		}
		if len(runes) > 16 {
			break // no character has as many
		}
	}
	return runes
}

// substitute returns what the fonts have for some signs that they lack.
func substitute(r rune) rune {
	switch r {
	case '、':
		return ','
	case '。':
		return '.'
	case '「', '『', '《', '【':
		return '“'
	case '」', '』', '》', '】':
		return '”'
	case '・':
		return '·'
	case 'ー':
		return '—'
	case '‐', '‑':
		return '-'
	case '❤':
		return '♥'
	}
	return r
}

// scripts are looked at in this order, those with initials of their own first.
var scripts = []struct {
	table    *unicode.RangeTable
	initials string
}{
	{unicode.Han, "Ha"}, {unicode.Hiragana, "Hi"}, {unicode.Katakana, "Ka"}, {unicode.Hangul, "Hg"},
	{unicode.Arabic, "Ar"}, {unicode.Hebrew, "He"}, {unicode.Thai, "Th"}, {unicode.Devanagari, "De"},
	{unicode.Bengali, "Be"}, {unicode.Tamil, "Ta"}, {unicode.Telugu, "Te"}, {unicode.Gujarati, "Gu"},
	{unicode.Armenian, "Am"}, {unicode.Georgian, "Ge"}, {unicode.Ethiopic, "Et"}, {unicode.Khmer, "Kh"},
	{unicode.Latin, "La"}, {unicode.Greek, "Gr"}, {unicode.Cyrillic, "Cy"},
	{unicode.Sc, "¤"}, {unicode.S, "*"}, {unicode.P, "·"}, {unicode.M, "´"}, {unicode.N, "#"},
}

// tileText is what a tile says about a character that the fonts lack.
func tileText(runes []rune) string {
	const flagA = 0x1f1e6 // REGIONAL INDICATOR SYMBOL LETTER A
	r := runes[0]
	switch {
	case r >= flagA && r < flagA+26:
		text := ""
		for _, r := range runes[:min(2, len(runes))] {
			if r >= flagA && r < flagA+26 {
				text += string('A' + r - flagA)
			}
		}
		return text
	case r >= 0x1f000 && r <= 0x1faff: // emoji and their kin
		return "☺"
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.initials
		}
	}
	return "?"
}
