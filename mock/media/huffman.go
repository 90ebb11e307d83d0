package media

import (
	"cmp"
	"math/bits"
	"slices"
)

// A bitWriter writes bits, the lowest first, as WebP wants them.
type bitWriter struct {
	out []byte
	acc uint64
	n   uint
}

func (b *bitWriter) write(value uint32, n uint) {
	b.acc |= uint64(value) << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.acc))
		b.acc >>= 8
	}
}

// flush ends with a whole byte.
func (b *bitWriter) flush() {
	if b.n > 0 {
		b.write(0, 8-b.n)
	}
}

// A prefixCode is a canonical Huffman code. A symbol that never comes has length 0.
type prefixCode struct {
	alone   bool // there is one symbol at most, only, which takes no bits
	only    int
	lengths []uint8
	codes   []uint16 // reversed, as they are written
}

func (p *prefixCode) write(b *bitWriter, symbol int) {
	b.write(uint32(p.codes[symbol]), uint(p.lengths[symbol]))
}

// newPrefixCode makes the code of symbols that come so often, none longer than longest.
func newPrefixCode(counts []uint32, longest int) prefixCode {
	p := prefixCode{lengths: make([]uint8, len(counts)), codes: make([]uint16, len(counts))}
	used := 0
	for symbol, n := range counts {
		if n > 0 {
			used, p.only = used+1, symbol
		}
	}
	if p.alone = used < 2; p.alone {
		return p
	}
	// A tree that is too high becomes lower when rare symbols pass for less rare ones.
	for least := uint32(1); !p.grow(counts, least, longest); least *= 2 {
		clear(p.lengths)
	}
	var next [17]uint16
	for _, n := range p.lengths {
		if n > 0 {
			next[n+1]++
		}
	}
	for n := 2; n < len(next); n++ { // the first code of each length
		next[n] = (next[n] + next[n-1]) << 1
	}
	for symbol, n := range p.lengths {
		if n > 0 {
			p.codes[symbol] = bits.Reverse16(next[n]) >> (16 - n)
			next[n]++
		}
	}
	return p
}

// A tree is one of those that become one: its weight and where its symbols end.
type tree struct {
	weight  uint64
	order   int // decides between equals
	symbols []int
}

// grow sets the lengths, and says whether all are within bounds.
func (p *prefixCode) grow(counts []uint32, least uint32, longest int) bool {
	var trees []tree
	for symbol, n := range counts {
		if n > 0 {
			trees = append(trees, tree{uint64(max(n, least)), symbol, []int{symbol}})
		}
	}
	lighter := func(a, b tree) int { return cmp.Or(cmp.Compare(a.weight, b.weight), a.order-b.order) }
	slices.SortFunc(trees, lighter)
	for order := len(counts); len(trees) > 1; order++ {
		joined := tree{trees[0].weight + trees[1].weight, order, append(trees[0].symbols, trees[1].symbols...)}
		for _, symbol := range joined.symbols {
			if p.lengths[symbol]++; int(p.lengths[symbol]) > longest {
				return false
			}
		}
		trees = trees[2:]
		at, _ := slices.BinarySearchFunc(trees, joined, lighter)
		trees = slices.Insert(trees, at, joined)
	}
	return true
}
