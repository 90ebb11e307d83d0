package media

import (
	"bufio"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"io"
	"sync"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// A pngWriter writes a PNG while it is painted. That of the standard library wants the whole
// picture, and tries five filters on each row, which is most of its time.
type pngWriter struct {
	w       io.Writer
	alpha   bool
	err     error
	row, up []byte // of samples, after a byte for the filter; up is without it
}

var deflaters = sync.Pool{New: func() any {
	z, err := zlib.NewWriterLevel(nil, zlib.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	return z
}}

// encodePNG writes colour with 8 bits for each sample, with alpha if the ground has one. Source: PNG 1.2.
func encodePNG(ctx context.Context, w io.Writer, s *scene) error {
	e := &pngWriter{w: w, alpha: s.ground.from.A < 255}
	header := make([]byte, 13)
	binary.BigEndian.PutUint32(header, uint32(s.w))
	binary.BigEndian.PutUint32(header[4:], uint32(s.h))
	header[8], header[9] = 8, 2 // bits; RGB
	samples := 3
	if e.alpha {
		header[9], samples = 6, 4 // RGBA
	}
	e.row, e.up = make([]byte, 1+samples*s.w), make([]byte, samples*s.w)
	if _, err := io.WriteString(w, pngSignature); err != nil {
		return err
	}
	e.chunk("IHDR", header)

	data := bufio.NewWriterSize(chunks{e}, 32<<10)
	z := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(z)
	z.Reset(data)
	err := newPainter(s, stillLevels).bands(ctx, func(band *image.RGBA) error {
		for y := range band.Rect.Dy() {
			if _, err := z.Write(e.filter(band.Pix[y*band.Stride:][:4*s.w])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := data.Flush(); err != nil {
		return err
	}
	e.chunk("IEND", nil)
	return e.err
}

// filter returns a row as what it adds to the one above: nearly nothing, in pictures such as these.
func (e *pngWriter) filter(pix []byte) []byte {
	e.row[0] = 2 // Up
	out := e.row[1:]
	if e.alpha {
		for i := 0; i < len(pix); i += 4 {
			c := straight(pix[i : i+4])
			for j, v := range [4]byte{c.R, c.G, c.B, c.A} {
				out[i+j], e.up[i+j] = v-e.up[i+j], v
			}
		}
		return e.row
	}
	up := e.up[:len(out)]
	for i, j := 0, 0; i+3 < len(pix) && j+2 < len(out); i, j = i+4, j+3 {
		r, g, b := pix[i], pix[i+1], pix[i+2]
		out[j], up[j] = r-up[j], r
		out[j+1], up[j+1] = g-up[j+1], g
		out[j+2], up[j+2] = b-up[j+2], b
	}
	return e.row
}

// chunks writes each piece of data as a chunk.
type chunks struct{ *pngWriter }

func (c chunks) Write(data []byte) (int, error) {
	c.chunk("IDAT", data)
	return len(data), c.err
}

func (e *pngWriter) chunk(name string, data []byte) {
	if e.err != nil {
		return
	}
	head := binary.BigEndian.AppendUint32(make([]byte, 0, 8), uint32(len(data)))
	head = append(head, name...)
	sum := crc32.Update(crc32.ChecksumIEEE(head[4:]), crc32.IEEETable, data)
	for _, b := range [][]byte{head, data, binary.BigEndian.AppendUint32(nil, sum)} {
		if _, err := e.w.Write(b); err != nil {
			e.err = err
			return
		}
	}
}
