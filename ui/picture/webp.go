package picture

import "encoding/binary"

// readWebP walks over the chunks of a WebP file: the size stands in VP8X when the
// file has more than one picture, else in the head of the picture itself.
func readWebP(b []byte) Facts {
	f := Facts{Type: WebP}
	whole := int64(binary.LittleEndian.Uint32(b[4:])) + 8
	rest := b[12:]
	if whole < int64(len(b)) && whole >= 12 {
		rest = b[12:whole] // what follows is no part of it
	}
	for len(rest) >= 8 {
		n := int64(binary.LittleEndian.Uint32(rest[4:]))
		have := rest[8:min(int64(len(rest)), 8+n)]
		switch string(rest[:4]) {
		case "VP8X":
			if len(have) >= 10 {
				f.size(uint24(have[4:])+1, uint24(have[7:])+1)
			}
		case "VP8 ", "VP8L":
			f.Frames++
			f.picture(string(rest[:4]), have)
		case "ANMF":
			f.Frames++
			if len(have) >= 12 {
				f.hold(uint24(have[6:])+1, uint24(have[9:])+1)
			}
		}
		n += n & 1 // chunks begin at even places
		if int64(len(rest)) < 8+n {
			break
		}
		rest = rest[8+n:]
	}
	switch {
	case f.Width == 0 && f.Damage == "":
		f.Damage = "it does not say its size"
	case whole > int64(len(b)):
		f.Damage = endsEarly
	}
	return f
}

// picture reads the head of a chunk with pixels.
func (f *Facts) picture(kind string, b []byte) {
	var width, height int64
	switch {
	case kind == "VP8 " && len(b) >= 10 && b[3] == 0x9d && b[4] == 0x01 && b[5] == 0x2a:
		width, height = int64(binary.LittleEndian.Uint16(b[6:])&0x3fff), int64(binary.LittleEndian.Uint16(b[8:])&0x3fff)
	case kind == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(b[1:])
		width, height = int64(bits&0x3fff)+1, int64(bits>>14&0x3fff)+1
	default:
		return
	}
	if f.Width == 0 {
		f.size(width, height)
	}
	f.hold(width, height)
}

func uint24(b []byte) int64 { return int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 }
