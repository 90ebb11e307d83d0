package media

import (
	"image/color"
	"math"
)

// groundLevels is how many levels a ground has in a GIF.
const groundLevels = 64

// A palette is the colours of a GIF.
type palette struct {
	colors []color.RGBA // at most 256; the last one is transparent
	clear  bool         // pixels may be transparent from the beginning
	recent [4096]struct {
		pixel uint32
		index uint8
		known bool
	}
}

// newPalette chooses the colours that the scene is painted in: all levels of its ground, what
// boxes and planets make of them, and the steps from the ground to the colours of its texts.
func newPalette(s *scene) *palette {
	p := &palette{clear: s.ground.clear()}
	levels := s.ground.levels(groundLevels)
	if s.ground.clear() {
		levels = []color.NRGBA{white}
	}
	for _, c := range levels {
		p.add(c)
	}
	middle := levels[len(levels)/2]
	for _, r := range s.runs {
		p.ramp(middle, r.ink, 12)
	}
	for _, b := range s.tiles {
		p.ramp(middle, over(b.ink, middle), 2)
	}
	inks := []color.NRGBA{}
	for _, b := range s.boxes {
		inks = append(inks, b.ink)
	}
	for _, m := range s.planets {
		inks = append(inks, m.ink)
	}
	for step := 16; step >= 1; step /= 2 { // the most different ones first
		for i := 0; i < len(levels); i += step {
			for _, ink := range inks {
				p.add(over(ink, levels[i]))
			}
		}
	}
	p.colors = append(p.colors, color.RGBA{})
	return p
}

// ramp adds the steps from one colour to another.
func (p *palette) ramp(from, to color.NRGBA, steps int) {
	for i := 1; i <= steps; i++ {
		p.add(mix(from, to, i*256/steps))
	}
}

func (p *palette) add(c color.NRGBA) {
	opaque := color.RGBA{c.R, c.G, c.B, 255}
	for _, known := range p.colors {
		if known == opaque {
			return
		}
	}
	if len(p.colors) < 255 {
		p.colors = append(p.colors, opaque)
	}
}

func (p *palette) transparent() uint8 { return uint8(len(p.colors) - 1) }

// index returns the colour that is nearest to a premultiplied pixel, red in its lowest byte.
func (p *palette) index(pixel uint32) uint8 {
	if pixel>>24 < 128 && p.clear {
		return p.transparent()
	}
	slot := &p.recent[(pixel^pixel>>24)*2654435761>>20]
	if !slot.known || slot.pixel != pixel {
		c := straight([]byte{byte(pixel), byte(pixel >> 8), byte(pixel >> 16), byte(pixel >> 24)})
		slot.pixel, slot.index, slot.known = pixel, p.nearest(c), true
	}
	return slot.index
}

func (p *palette) nearest(c color.NRGBA) uint8 {
	best, distance := 0, math.MaxInt
	for i, k := range p.colors[:p.transparent()] {
		r, g, b := int(k.R)-int(c.R), int(k.G)-int(c.G), int(k.B)-int(c.B)
		if d := 3*r*r + 6*g*g + 2*b*b; d < distance { // the eye sees green best
			best, distance = i, d
		}
	}
	return uint8(best)
}
