package media

import (
	"bufio"
	"compress/lzw"
	"context"
	"encoding/binary"
	"image"
	"io"
	"time"
)

// A gifWriter writes a GIF frame by frame. That of the standard library wants all frames at once.
type gifWriter struct {
	w       *bufio.Writer
	palette *palette
	painter *painter
	depth   int // bits of an index
	band    *image.RGBA
	region  image.Rectangle // that planets move in
	last    []uint8         // what is seen, as indices
	out     []uint8         // the frame
	changed image.Rectangle // in it
	begun   bool            // there is something to compare with
}

// encodeGIF writes frames of the same picture on which the planets go round, once in a
// loop or twice, so that the last frame leads to the first. The first frame is the whole
// picture; the others are the rectangle that changed, transparent where nothing did.
//
// Source: GIF89a.
func encodeGIF(ctx context.Context, w io.Writer, s *scene, frames int, delay time.Duration) error {
	e := &gifWriter{w: bufio.NewWriter(w), palette: newPalette(s), painter: newPainter(s, groundLevels)}
	e.last, e.out = make([]uint8, s.w*s.h), make([]uint8, s.w*s.h)
	e.band = image.NewRGBA(image.Rect(0, 0, s.w, min(s.h, max(8, bandBytes/(4*s.w)))))
	for _, p := range s.planets {
		e.region = e.region.Union(p.reach().bounds())
	}
	whole := image.Rect(0, 0, s.w, s.h)
	e.region = e.region.Intersect(whole)
	e.header(s, frames)
	for i := range frames {
		if i == 0 || e.palette.clear { // what was drawn on nothing goes with its frame
			err := e.paint(ctx, whole, s.frame(i, frames))
			if err != nil {
				return err
			}
			e.changed = whole
		} else if err := e.paint(ctx, e.region, s.frame(i, frames)); err != nil {
			return err
		}
		if err := e.frame(hundredths(i+1, delay) - hundredths(i, delay)); err != nil {
			return err
		}
	}
	e.w.WriteByte(trailer)
	return e.w.Flush()
}

const (
	extension  = 0x21
	descriptor = 0x2c
	trailer    = 0x3b
)

// header writes what stands before the frames. Errors of the buffer stay until it is flushed.
func (e *gifWriter) header(s *scene, frames int) {
	for e.depth = 1; 1<<e.depth < len(e.palette.colors); {
		e.depth++
	}
	e.w.WriteString("GIF89a")
	e.shorts(s.w, s.h)
	e.w.Write([]byte{0x80 | 7<<4 | byte(e.depth-1), e.palette.transparent(), 0}) // there is a palette
	colors := make([]byte, 3<<e.depth)
	for i, c := range e.palette.colors {
		copy(colors[3*i:], []byte{c.R, c.G, c.B})
	}
	e.w.Write(colors)
	if frames > 1 { // for ever
		e.w.Write([]byte{extension, 0xff, 11})
		e.w.WriteString("NETSCAPE2.0")
		e.w.Write([]byte{3, 1, 0, 0, 0})
	}
}

func (e *gifWriter) shorts(values ...int) {
	for _, v := range values {
		e.w.Write(binary.LittleEndian.AppendUint16(nil, uint16(v)))
	}
}

// paint paints a region into e.out and sets what changed in it since the frame before.
func (e *gifWriter) paint(ctx context.Context, region image.Rectangle, planets []box) error {
	e.changed = image.Rectangle{}
	rows := len(e.band.Pix) / e.band.Stride
	for y := region.Min.Y; y < region.Max.Y; y += rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		band := &image.RGBA{Pix: e.band.Pix, Stride: 4 * region.Dx(), Rect: region}
		band.Rect.Min.Y, band.Rect.Max.Y = y, min(region.Max.Y, y+rows)
		e.painter.paint(band, planets)
		for y := band.Rect.Min.Y; y < band.Rect.Max.Y; y++ {
			e.compare(band, y)
		}
	}
	return nil
}

// compare takes a row of a band over into the frame.
func (e *gifWriter) compare(band *image.RGBA, y int) {
	from, to := band.Rect.Max.X, -1 // what changed
	pix := band.Pix[band.PixOffset(band.Rect.Min.X, y):]
	at := y * e.painter.scene.w
	var before uint32
	var index uint8
	for x := band.Rect.Min.X; x < band.Rect.Max.X; x++ {
		if pixel := binary.LittleEndian.Uint32(pix); pixel != before || x == band.Rect.Min.X {
			before, index = pixel, e.palette.index(pixel)
		}
		pix = pix[4:]
		if e.out[at+x] = index; e.begun && index == e.last[at+x] {
			e.out[at+x] = e.palette.transparent()
			continue
		}
		e.last[at+x] = index
		from, to = min(from, x), x
	}
	if to >= from {
		e.changed = e.changed.Union(image.Rect(from, y, to+1, y+1))
	}
}

// frame writes what changed. A frame has one pixel at least.
func (e *gifWriter) frame(delay int) error {
	r := e.changed
	if r.Empty() {
		r = image.Rect(0, 0, 1, 1)
		e.out[0] = e.palette.transparent()
	}
	disposal := 1 // leave it
	if e.palette.clear {
		disposal = 2 // back to what is behind
	}
	e.w.Write([]byte{extension, 0xf9, 4, byte(disposal<<2 | 1)})
	e.shorts(delay)
	e.w.Write([]byte{e.palette.transparent(), 0, descriptor})
	e.shorts(r.Min.X, r.Min.Y, r.Dx(), r.Dy())
	e.w.WriteByte(0) // no palette of its own
	depth := max(2, e.depth)
	e.w.WriteByte(byte(depth))
	blocks := &blockWriter{w: e.w}
	z := lzw.NewWriter(blocks, lzw.LSB, depth)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		at := y * e.painter.scene.w
		if _, err := z.Write(e.out[at+r.Min.X : at+r.Max.X]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	e.begun = !e.palette.clear
	return blocks.close()
}

// A blockWriter cuts data into blocks of 255 bytes, each after its length.
type blockWriter struct {
	w   *bufio.Writer
	n   int
	buf [255]byte
}

// WriteByte and Flush are what lzw needs not to put a buffer of its own in between.
func (b *blockWriter) WriteByte(c byte) error {
	b.buf[b.n] = c
	if b.n++; b.n == len(b.buf) {
		return b.Flush()
	}
	return nil
}

func (b *blockWriter) Write(data []byte) (int, error) {
	for i, c := range data {
		if err := b.WriteByte(c); err != nil {
			return i, err
		}
	}
	return len(data), nil
}

// Flush writes a block of what there is.
func (b *blockWriter) Flush() error {
	if b.n == 0 {
		return nil
	}
	b.w.WriteByte(byte(b.n))
	_, err := b.w.Write(b.buf[:b.n])
	b.n = 0
	return err
}

func (b *blockWriter) close() error {
	if err := b.Flush(); err != nil {
		return err
	}
	return b.w.WriteByte(0)
}

// hundredths is how long i frames take, in 1/100 s.
func hundredths(i int, delay time.Duration) int {
	return int((time.Duration(i)*delay + 5*time.Millisecond) / (10 * time.Millisecond))
}
