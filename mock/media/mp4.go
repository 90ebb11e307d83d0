package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
)

const (
	// MaxFilm is how many pixels the drawn frames of an MP4 have together: 24 frames of
	// 1920×1080 fit in, 4 of 4096×4096.
	MaxFilm  = 64 << 20
	MaxShown = 60 * 60 * 30 // frames of an MP4 that are shown: an hour of 30 a second
	MaxRate  = 120          // of them a second

	defaultRate = 30
	loopSeconds = 2
	tick        = 1000 // units of time that a frame of an MP4 takes
)

// A film is how an MP4 makes the many frames that it shows of the few that are drawn.
type film struct {
	drawn int // frames of one loop that differ
	loop  int // frames that one loop shows
	shown int // frames that the whole shows
	rate  int // frames a second
}

// film returns how p moves: in loops of two seconds, each frame of which is drawn as
// long as no more than p.Frames, 24 or what MaxFilm allows would have to be.
func (p Picture) film() film {
	f := film{rate: p.Rate, shown: p.Shown, drawn: p.Frames}
	if f.rate == 0 {
		f.rate = defaultRate
	}
	if f.drawn == 0 {
		f.drawn = max(1, min(defaultFrames, MaxFilm/max(1, p.Width*p.Height)))
	}
	if f.shown == 0 {
		f.shown = f.drawn
	}
	f.loop = min(f.shown, loopSeconds*f.rate)
	f.drawn = min(f.drawn, f.loop)
	return f
}

// picture is which of the drawn frames is shown as the i-th.
func (f film) picture(i int) int { return i % f.loop * f.drawn / f.loop }

// encodeMP4 writes a film as Motion JPEG: each frame is a JPEG of its own. ffmpeg, VLC and
// QuickTime know that; browsers do not, and what they play would take an encoder many times
// as large as all of this package.
//
// What repeats is there once: the table of offsets leads to the same bytes again and
// again, so that an hour costs no more than two seconds and 8 bytes a frame. Each
// drawn frame is an mdat box of its own, and the tables come last, because only then are
// the sizes known that they have in them: no more than one frame is held.
//
// Source: ISO/IEC 14496-12 for the boxes; QuickTime File Format for the sample entry "jpeg".
func encodeMP4(ctx context.Context, w io.Writer, s *scene, f film, quality int) error {
	m := &mp4Writer{w: w}
	m.write(atom("ftyp", []byte("isom\x00\x00\x02\x00isommp41")))
	var frame bytes.Buffer
	offsets, sizes := make([]uint32, f.drawn), make([]uint32, f.drawn)
	for i := range f.drawn {
		frame.Reset()
		if err := encodeJPEG(ctx, &frame, s, s.frame(i, f.drawn), quality); err != nil {
			return err
		}
		m.write(atomHead("mdat", frame.Len()))
		offsets[i], sizes[i] = uint32(m.at), uint32(frame.Len())
		m.write(frame.Bytes())
	}
	m.movie(s, f, offsets, sizes)
	return m.err
}

// An mp4Writer keeps the first error, and how much was written: MaxFilm is too little
// for files that 32 bits cannot count.
type mp4Writer struct {
	w   io.Writer
	at  int
	err error
}

func (m *mp4Writer) write(b []byte) {
	if m.err != nil {
		return
	}
	var n int
	n, m.err = m.w.Write(b)
	m.at += n
}

// movie writes the moov box: one track, whose table has a chunk for each frame.
func (m *mp4Writer) movie(s *scene, f film, offsets, sizes []uint32) {
	length := uint32(f.shown * tick)
	scale := uint32(f.rate * tick)
	tables := join(
		fullAtom("stsd", 0, be(uint32(1)), jpegEntry(s)),
		fullAtom("stts", 0, be(uint32(1), uint32(f.shown), uint32(tick))),
		fullAtom("stsc", 0, be(uint32(1), uint32(1), uint32(1), uint32(1))), // one frame a chunk
	)
	media := join(
		fullAtom("mdhd", 0, be(uint32(0), uint32(0), scale, length, uint16(0x55c4), uint16(0))), // language: none
		fullAtom("hdlr", 0, be(uint32(0)), []byte("vide"), make([]byte, 12), []byte("pictap mock\x00")),
	)
	information := join(
		fullAtom("vmhd", 1, make([]byte, 8)),
		atom("dinf", fullAtom("dref", 0, be(uint32(1)), fullAtom("url ", 1))), // in this file
	)
	track := fullAtom("tkhd", 3, be(uint32(0), uint32(0), uint32(1), uint32(0), length), make([]byte, 16), matrix, be(uint32(s.w)<<16, uint32(s.h)<<16))
	header := fullAtom("mvhd", 0, be(uint32(0), uint32(0), scale, length, uint32(0x10000), uint16(0x100)), make([]byte, 10), matrix, make([]byte, 24), be(uint32(2)))

	// Boxes that are not whole yet: their sizes are what is in them, from the inside out.
	stsz, stco := 12+8+4*f.shown, 12+4+4*f.shown
	stbl := 8 + len(tables) + stsz + stco
	minf := 8 + len(information) + stbl
	mdia := 8 + len(media) + minf
	trak := 8 + len(track) + mdia
	m.write(atomHead("moov", len(header)+trak))
	m.write(header)
	m.write(atomHead("trak", trak-8))
	m.write(track)
	m.write(atomHead("mdia", mdia-8))
	m.write(media)
	m.write(atomHead("minf", minf-8))
	m.write(information)
	m.write(atomHead("stbl", stbl-8))
	m.write(tables)
	m.write(join(atomHead("stsz", stsz-8), be(uint32(0), uint32(0), uint32(f.shown))))
	m.table(f, sizes)
	m.write(join(atomHead("stco", stco-8), be(uint32(0), uint32(f.shown))))
	m.table(f, offsets)
}

// table writes what belongs to each frame that is shown, some at a time.
func (m *mp4Writer) table(f film, values []uint32) {
	part := make([]byte, 0, 4096)
	for i := range f.shown {
		part = binary.BigEndian.AppendUint32(part, values[f.picture(i)])
		if len(part) == cap(part) {
			m.write(part)
			part = part[:0]
		}
	}
	m.write(part)
}

// matrix is the one that changes nothing.
var matrix = be(uint32(0x10000), uint32(0), uint32(0), uint32(0), uint32(0x10000), uint32(0), uint32(0), uint32(0), uint32(0x40000000))

// jpegEntry says what a frame is: a JPEG of that size, of 72 dots an inch and 24 bits a pixel.
func jpegEntry(s *scene) []byte {
	name := make([]byte, 32)
	copy(name[1:], "JPEG")
	name[0] = 4
	return atom("jpeg", make([]byte, 6), be(uint16(1)), make([]byte, 16), be(uint16(s.w), uint16(s.h), uint32(72<<16), uint32(72<<16), uint32(0), uint16(1)),
		name, be(uint16(24), int16(-1)))
}

// atom is a whole box, which QuickTime calls so (a [box] is something else here), and
// fullAtom one with a version, 0, and flags.
func atom(name string, parts ...[]byte) []byte {
	body := join(parts...)
	return append(atomHead(name, len(body)), body...)
}

func fullAtom(name string, flags uint32, parts ...[]byte) []byte {
	return atom(name, be(flags), join(parts...))
}

// atomHead is the head of a box with so many bytes in it.
func atomHead(name string, size int) []byte { return append(be(uint32(8+size)), name...) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// be writes numbers of fixed sizes, the high bytes first.
func be(values ...any) []byte {
	var b []byte
	for _, v := range values {
		b, _ = binary.Append(b, binary.BigEndian, v) // their sizes are known
	}
	return b
}
