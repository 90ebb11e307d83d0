package picture

import "encoding/binary"

// readGIF walks over the blocks of a GIF and counts its pictures.
func readGIF(b []byte) Facts {
	f := Facts{Type: GIF}
	if len(b) < 13 {
		f.Damage = endsEarly
		return f
	}
	f.size(int64(binary.LittleEndian.Uint16(b[6:])), int64(binary.LittleEndian.Uint16(b[8:])))
	rest, ok := cut(b[13:], colorTable(b[10]))
	for ok && len(rest) > 0 {
		switch rest[0] {
		case 0x21: // an extension: label, then sub-blocks
			if rest, ok = cut(rest, 2); ok {
				rest, ok = skipBlocks(rest)
			}
		case 0x2c: // a picture: place, size, colours, code size, then sub-blocks
			if len(rest) < 10 {
				ok = false
				break
			}
			at := func(i int) int64 { return int64(binary.LittleEndian.Uint16(rest[i:])) }
			f.hold(at(1)+at(5), at(3)+at(7)) // browsers make room for a picture that sticks out
			f.Frames++
			if rest, ok = cut(rest, 10+colorTable(rest[9])+1); ok {
				rest, ok = skipBlocks(rest)
			}
		case 0x3b:
			return f
		default:
			f.Damage = "it has a block of a kind that does not exist"
			return f
		}
	}
	f.Damage = endsEarly
	return f
}

// colorTable is how many bytes the table takes that flags announce.
func colorTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// skipBlocks steps over sub-blocks, up to the empty one that ends them.
func skipBlocks(b []byte) (rest []byte, ok bool) {
	for len(b) > 0 {
		n := int(b[0])
		if b, ok = cut(b, 1+n); !ok || n == 0 {
			return b, ok
		}
	}
	return nil, false
}

// cut is b without its first n bytes; ok is false when there are not so many.
func cut(b []byte, n int) (rest []byte, ok bool) {
	if len(b) < n {
		return nil, false
	}
	return b[n:], true
}
