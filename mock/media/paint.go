package media

import (
	"context"
	"encoding/binary"
	"image"
	"image/color"
)

// stillLevels is how many levels a ground has. More would not be seen, and make files larger.
const stillLevels = 128

// bandBytes is about how much of a picture is painted at a time.
const bandBytes = 512 << 10

// A painter paints a scene's pixels. It is for one goroutine.
type painter struct {
	scene  *scene
	levels []uint32 // of the ground, as they are in memory
	line   []byte   // of the ground
	masks  []placed
	row    coverage
}

// A placed mask is one glyph where it belongs.
type placed struct {
	mask *mask
	x, y int // of the pen, in pixels
	ink  color.NRGBA
}

// newPainter paints the ground in so many levels at most.
func newPainter(s *scene, levels int) *painter {
	p := &painter{scene: s}
	for _, c := range s.ground.levels(levels) {
		m := premultiplied(c)
		p.levels = append(p.levels, uint32(m.R)|uint32(m.G)<<8|uint32(m.B)<<16|uint32(m.A)<<24)
	}
	for _, r := range s.runs {
		set := setter{face: r.face, size: r.size}
		x := r.x
		for _, c := range r.clusters {
			m, pen := glyphMask(r.face, c.glyph, r.size, x)
			p.masks = append(p.masks, placed{m, pen, floor(r.y + subpixel/2), r.ink})
			x += set.advance(c)
		}
	}
	return p
}

func premultiplied(c color.NRGBA) color.RGBA {
	a := uint32(c.A)
	return color.RGBA{div255(uint32(c.R) * a), div255(uint32(c.G) * a), div255(uint32(c.B) * a), c.A}
}

// div255 is n/255, rounded.
func div255(n uint32) uint8 {
	n += 128
	return uint8((n + n>>8) >> 8)
}

// bands paints the whole picture, from top to bottom, and calls use with one band after
// the other, all of which are the same memory. It ends with the error of use or of ctx.
func (p *painter) bands(ctx context.Context, use func(*image.RGBA) error) error {
	w, h := p.scene.w, p.scene.h
	rows := min(h, max(8, bandBytes/(4*w)))
	band := image.NewRGBA(image.Rect(0, 0, w, rows))
	for y := 0; y < h; y += rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		band.Rect = image.Rect(0, y, w, min(h, y+rows))
		p.paint(band, p.scene.still())
		if err := use(band); err != nil {
			return err
		}
	}
	return nil
}

// still is where the planets are in a picture that does not move.
func (s *scene) still() []box { return s.frame(0, 1) }

func (s *scene) frame(i, count int) []box {
	var moved []box
	for _, p := range s.planets {
		moved = append(moved, p.at(i, count))
	}
	return moved
}

// paint paints what of the scene is inside of dst's rectangle.
func (p *painter) paint(dst *image.RGBA, planets []box) {
	p.paintGround(dst)
	for _, boxes := range [][]box{p.scene.boxes, planets, p.scene.tiles} {
		for _, b := range boxes {
			p.paintBox(dst, b)
		}
	}
	for _, m := range p.masks {
		paintMask(dst, m)
	}
}

// groundRows is how many rows have the same ground. Nobody sees steps of that size between
// colours that are so near to each other, and a row like the one above costs nearly nothing to
// paint and to compress.
func (s *scene) groundRows() int { return min(max(1, (s.w+s.h)/256), 8) }

// paintGround paints levels along diagonals of 45 degrees.
func (p *painter) paintGround(dst *image.RGBA) {
	const one = 1 << 32
	step := len(p.levels) * one / (p.scene.w + p.scene.h)
	r, rows := dst.Rect, p.scene.groundRows()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		line := dst.Pix[(y-r.Min.Y)*dst.Stride:][:4*r.Dx()]
		if y > r.Min.Y && y%rows > 0 {
			copy(line, p.line)
			continue
		}
		at := (r.Min.X + y/rows*rows) * step
		for i := 0; i+4 <= len(line); i += 4 {
			binary.LittleEndian.PutUint32(line[i:i+4], p.levels[at>>32])
			at += step
		}
		p.line = append(p.line[:0], line...)
	}
}

func (p *painter) paintBox(dst *image.RGBA, b box) {
	r := b.bounds().Intersect(dst.Rect)
	if r.Empty() {
		return
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		p.row.reset(r.Min.X, r.Dx())
		b.cover(&p.row, y)
		line := dst.Pix[dst.PixOffset(r.Min.X, y):][:4*r.Dx()]
		from, to := b.hole(y)
		from, to = min(max(0, from-r.Min.X), r.Dx()), min(to-r.Min.X, r.Dx())
		if from >= to {
			p.blendRow(line, 0, r.Dx(), b.ink)
			continue
		}
		p.blendRow(line, 0, from, b.ink)
		p.blendRow(line, to, r.Dx(), b.ink)
	}
}

// blendRow blends a part of a row that begins where nothing is covered.
func (p *painter) blendRow(line []byte, from, to int, ink color.NRGBA) {
	covered := int32(0)
	for i := from; i < to; i++ {
		if covered += p.row.delta[i]; covered > 0 {
			blend(line[4*i:4*i+4], ink, uint32(covered)*uint32(ink.A)/full)
		}
	}
}

func paintMask(dst *image.RGBA, m placed) {
	x0, y0 := m.x+m.mask.left, m.y+m.mask.top
	r := image.Rect(x0, y0, x0+m.mask.w, y0+m.mask.h).Intersect(dst.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		line := dst.Pix[dst.PixOffset(r.Min.X, y):]
		from := (y-y0)*m.mask.w + r.Min.X - x0
		for i, c := range m.mask.pix[from : from+r.Dx()] {
			if c > 0 {
				blend(line[4*i:4*i+4], m.ink, uint32(div255(uint32(c)*uint32(m.ink.A))))
			}
		}
	}
}

// blend puts ink over a premultiplied pixel, with an alpha of 0 to 255.
func blend(pix []byte, ink color.NRGBA, alpha uint32) {
	rest := 255 - alpha
	pix[0] = div255(uint32(ink.R)*alpha + uint32(pix[0])*rest)
	pix[1] = div255(uint32(ink.G)*alpha + uint32(pix[1])*rest)
	pix[2] = div255(uint32(ink.B)*alpha + uint32(pix[2])*rest)
	pix[3] = div255(255*alpha + uint32(pix[3])*rest)
}

// straight is a premultiplied pixel as PNG and WebP have it.
func straight(pix []byte) color.NRGBA {
	a := uint32(pix[3])
	switch a {
	case 0:
		return color.NRGBA{}
	case 255:
		return color.NRGBA{pix[0], pix[1], pix[2], 255}
	}
	one := func(v byte) uint8 { return uint8(min(255, (uint32(v)*255+a/2)/a)) }
	return color.NRGBA{one(pix[0]), one(pix[1]), one(pix[2]), pix[3]}
}
