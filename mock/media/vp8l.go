package media

import (
	"context"
	"encoding/binary"
	"image"
	"math/bits"
)

// The five alphabets of a picture: green and the lengths of repetitions share one.
const (
	green = iota
	red
	blue
	alpha
	distance

	lengthSymbols   = 24
	distanceSymbols = 40
	maxCodeLength   = 15
	shortest        = 3 // repetition that is worth one
	longestRun      = 4096
)

// A token is a pixel's difference, or the repetition of so many differences.
type token struct {
	pixel  uint32 // red in the lowest byte, then green, blue and alpha
	length int    // 0 for a pixel
	above  bool   // they repeat those of the row above, else the one to the left
}

// prefix is how lengths and distances, from 1, are written: a symbol and some bits more.
func prefix(value int) (symbol int, extra uint32, n uint) {
	v := uint32(value - 1)
	if v < 4 {
		return int(v), 0, 0
	}
	high := uint(bits.Len32(v)) - 1
	n = high - 1
	return int(2*high + uint(v>>n&1)), v & (1<<n - 1), n
}

// Distances are written as a place nearby: 1 is the pixel above, 2 the one to the left.
func (t token) place() int {
	if t.above {
		return 1
	}
	return 2
}

type counter struct{ alphabets [5][]uint32 }

func newCounter() *counter {
	return &counter{[5][]uint32{
		green: make([]uint32, 256+lengthSymbols), red: make([]uint32, 256), blue: make([]uint32, 256),
		alpha: make([]uint32, 256), distance: make([]uint32, distanceSymbols),
	}}
}

func (c *counter) count(t token) {
	if t.length == 0 {
		c.alphabets[green][uint8(t.pixel>>8)]++
		c.alphabets[red][uint8(t.pixel)]++
		c.alphabets[blue][uint8(t.pixel>>16)]++
		c.alphabets[alpha][t.pixel>>24]++
		return
	}
	symbol, _, _ := prefix(t.length)
	c.alphabets[green][256+symbol]++
	symbol, _, _ = prefix(t.place())
	c.alphabets[distance][symbol]++
}

// eachToken paints the picture and calls use with what it is made of.
func eachToken(ctx context.Context, p *painter, use func(token)) error {
	w := p.scene.w
	r := &residues{row: make([]uint32, w), up: make([]uint32, w), pixels: make([]uint32, w)}
	return p.bands(ctx, func(band *image.RGBA) error {
		for y := range band.Rect.Dy() {
			r.next(band.Pix[y*band.Stride:][:4*w])
			r.tokens(use)
		}
		return nil
	})
}

// residues are what the pixels of a row differ from those above.
type residues struct {
	pixels  []uint32 // of the row above
	row, up []uint32 // differences of this row and of the one above
	left    uint32   // the last one of the row above
	rows    int
}

// next takes a row of premultiplied pixels. Above the first row, the format has it, each
// pixel is predicted by the one to its left, and the first of all by opaque black.
func (r *residues) next(pix []byte) {
	if r.rows > 0 {
		r.left = r.row[len(r.row)-1]
	}
	r.row, r.up = r.up, r.row
	before := uint32(0xff000000)
	for x := range r.row {
		v := binary.LittleEndian.Uint32(pix[4*x:])
		if v>>24 < 255 {
			c := straight(pix[4*x : 4*x+4])
			v = uint32(c.R) | uint32(c.G)<<8 | uint32(c.B)<<16 | uint32(c.A)<<24
		}
		if r.rows > 0 {
			before = r.pixels[x]
		}
		if r.row[x] = 0; v != before {
			r.row[x] = minus(v, before)
		}
		before, r.pixels[x] = v, v
	}
	r.rows++
}

// minus subtracts each of the four bytes.
func minus(a, b uint32) uint32 {
	const even, high = 0x00ff00ff, 0x01000100
	return ((a&even|high)-b&even)&even | (((a>>8)&even|high)-(b>>8)&even)&even<<8
}

// tokens calls use with the row as pixels and repetitions, of which the longer one is taken.
func (r *residues) tokens(use func(token)) {
	for x := 0; x < len(r.row); {
		left, above := 0, 0
		if before := r.left; x > 0 || r.rows > 1 {
			if x > 0 {
				before = r.row[x-1]
			}
			for x+left < len(r.row) && r.row[x+left] == before && left < longestRun {
				left++
			}
		}
		if r.rows > 1 && left < len(r.row)-x {
			for x+above < len(r.row) && r.row[x+above] == r.up[x+above] && above < longestRun {
				above++
			}
		}
		if t := (token{length: max(left, above), above: above > left}); t.length >= shortest {
			use(t)
			x += t.length
			continue
		}
		use(token{pixel: r.row[x]})
		x++
	}
}
