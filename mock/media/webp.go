package media

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// encodeWebP writes a lossless WebP. Of what the format can do it uses what suits pictures
// of flat colours and soft grounds: each pixel is written as its difference to the one above,
// by Huffman codes, and where differences repeat those to the left or above, how often.
// The picture is painted twice, once to count for the codes and once to write.
//
// Source: RFC 9649, section 3.
func encodeWebP(ctx context.Context, w io.Writer, s *scene) error {
	p := newPainter(s, stillLevels)
	counts := newCounter()
	if err := eachToken(ctx, p, counts.count); err != nil {
		return err
	}
	e := &webpWriter{}
	for i, alphabet := range counts.alphabets {
		e.codes[i] = newPrefixCode(alphabet, maxCodeLength)
	}
	e.header(s)
	if err := eachToken(ctx, p, e.token); err != nil {
		return err
	}
	e.bits.flush()
	return writeRIFF(w, e.bits.out)
}

func writeRIFF(w io.Writer, data []byte) error {
	padding := len(data) % 2
	head := []byte("RIFF????WEBPVP8L????")
	binary.LittleEndian.PutUint32(head[4:], uint32(len(head)-8+len(data)+padding))
	binary.LittleEndian.PutUint32(head[16:], uint32(len(data)))
	for _, b := range [][]byte{head, data, make([]byte, padding)} {
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// A webpWriter writes the bits of a picture.
type webpWriter struct {
	bits  bitWriter
	codes [5]prefixCode
}

func (e *webpWriter) token(t token) {
	if t.length == 0 {
		e.codes[green].write(&e.bits, int(uint8(t.pixel>>8)))
		e.codes[red].write(&e.bits, int(uint8(t.pixel)))
		e.codes[blue].write(&e.bits, int(uint8(t.pixel>>16)))
		e.codes[alpha].write(&e.bits, int(t.pixel>>24))
		return
	}
	symbol, extra, n := prefix(t.length)
	e.codes[green].write(&e.bits, 256+symbol)
	e.bits.write(extra, n)
	symbol, extra, n = prefix(t.place())
	e.codes[distance].write(&e.bits, symbol)
	e.bits.write(extra, n)
}

// header writes all that stands before the pixels.
func (e *webpWriter) header(s *scene) {
	b := &e.bits
	b.write(0x2f, 8)
	b.write(uint32(s.w-1), 14)
	b.write(uint32(s.h-1), 14)
	hasAlpha := uint32(0)
	if s.ground.from.A < 255 {
		hasAlpha = 1
	}
	b.write(hasAlpha, 1)
	b.write(0, 3) // version

	b.write(1, 1) // a transform:
	b.write(0, 2) // prediction,
	b.write(7, 3) // in blocks of 512×512, for each of which a picture says how:
	b.write(0, 1) // it has no colour cache,
	e.single(2)   // its green is always 2, for the pixel above,
	for range 4 {
		e.single(0) // and all else nothing, so that its pixels take no bits
	}
	b.write(0, 1) // no more transforms

	b.write(0, 1) // no colour cache
	b.write(0, 1) // the same codes everywhere
	for _, code := range e.codes {
		e.code(code)
	}
}

// single writes the code of one symbol that is always the same.
func (e *webpWriter) single(symbol int) {
	e.bits.write(1, 1) // a simple code
	e.bits.write(0, 1) // of one symbol
	e.bits.write(1, 1) // in 8 bits
	e.bits.write(uint32(symbol), 8)
}

// code writes a code as the lengths of its symbols, themselves in a code.
func (e *webpWriter) code(p prefixCode) {
	if p.alone {
		e.single(p.only)
		return
	}
	runs := zeroRuns(p.lengths)
	counts := make([]uint32, 19)
	for _, r := range runs {
		counts[r.symbol]++
	}
	counts[0]++ // there must be two at least
	counts[1]++
	lengths := newPrefixCode(counts, 7)
	e.bits.write(0, 1) // no simple code
	e.bits.write(19-4, 4)
	for _, symbol := range [19]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} {
		e.bits.write(uint32(lengths.lengths[symbol]), 3)
	}
	e.bits.write(0, 1) // lengths for the whole alphabet
	for _, r := range runs {
		lengths.write(&e.bits, r.symbol)
		e.bits.write(r.extra, r.n)
	}
}

// A run of lengths is one, or so many zeros.
type lengthRun struct {
	symbol int
	extra  uint32
	n      uint
}

func zeroRuns(lengths []uint8) (runs []lengthRun) {
	for i := 0; i < len(lengths); {
		zeros := 0
		for i+zeros < len(lengths) && lengths[i+zeros] == 0 && zeros < 138 {
			zeros++
		}
		switch {
		case zeros >= 11:
			runs = append(runs, lengthRun{18, uint32(zeros - 11), 7})
		case zeros >= 3:
			runs = append(runs, lengthRun{17, uint32(zeros - 3), 3})
		default:
			runs = append(runs, lengthRun{symbol: int(lengths[i])})
			zeros = 1
		}
		i += zeros
	}
	return runs
}
