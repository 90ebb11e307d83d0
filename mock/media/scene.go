package media

import "image/color"

// A scene is a composed picture: what to paint, in this order, in 1/64 of a pixel or point.
type scene struct {
	w, h    int // pixels or points
	ground  ground
	boxes   []box
	planets []planet
	tiles   []box
	runs    []run
}

// A ground goes from one colour, in the top left corner, to another. A clear one shows nothing.
type ground struct {
	from, to color.NRGBA
}

func (g ground) clear() bool { return g.from.A == 0 }

// levels returns n colours from one end to the other, or the one when both are the same.
func (g ground) levels(n int) []color.NRGBA {
	if g.from == g.to {
		return []color.NRGBA{g.from}
	}
	levels := make([]color.NRGBA, n)
	for i := range levels {
		levels[i] = mix(g.from, g.to, i*256/(n-1))
	}
	return levels
}

// A run is a row of glyphs on a baseline.
type run struct {
	face     face
	size     int
	x, y     int // of the pen
	clusters []cluster
	ink      color.NRGBA
}

// text adds a line with its pen at x on the baseline y: its glyphs, and tiles for what has none.
func (s *scene) text(f face, size, x, y int, clusters []cluster, ink color.NRGBA) {
	set := setter{face: f, size: size}
	for len(clusters) > 0 {
		n := 0
		for n < len(clusters) && clusters[n].tile == "" {
			n++
		}
		if n > 0 {
			s.runs = append(s.runs, run{f, size, x, y, clusters[:n], ink})
			x += set.widthOf(clusters[:n])
			clusters = clusters[n:]
			continue
		}
		s.tile(f, size, x, y, clusters[0], ink)
		x += set.advance(clusters[0])
		clusters = clusters[1:]
	}
}

// tile adds what stands for a character that the fonts lack. It is as high as letters
// with their descenders, faint, and the writing on it is in the ink of the text.
func (s *scene) tile(f face, size, x, y int, c cluster, ink color.NRGBA) {
	width := setter{face: f, size: size}.advance(c)
	gap := part(size, 4)
	b := box{x + gap, y - part(size, 80), x + width - gap, y + part(size, 14), part(size, 14), 0, withAlpha(ink, 40)}
	label := setter{face: f, size: part(size, 46)}
	if c.tile == "☺" {
		b.radius = size // a disc, nearly
		label.size = part(size, 72)
	}
	if label.size < 5*subpixel {
		b.ink.A = 110 // nobody could read what is on it
		s.tiles = append(s.tiles, b)
		return
	}
	s.tiles = append(s.tiles, b)
	var line textLine
	for _, r := range c.tile {
		label.add(&line, label.sign(r))
	}
	middle := (b.y0 + b.y1) / 2
	s.runs = append(s.runs, run{f, label.size, (b.x0 + b.x1 - line.width) / 2, middle + part(label.size, 36), line.clusters, ink})
}

// A planet is a disc that goes round. Its angles are in 1/65536 of a turn.
type planet struct {
	x, y, orbit int
	radius      int
	start       int
	turns       int // in one loop of an animation; negative is against the clock
	ink         color.NRGBA
}

// at returns the planet where it is after part of count of the loop.
func (p planet) at(i, count int) box {
	sin, cos := circle(p.start + p.turns*65536*i/count)
	return disc(p.x+p.orbit*cos/unit, p.y+p.orbit*sin/unit, p.radius, p.ink)
}

// reach is the box that the planet never leaves.
func (p planet) reach() box { return disc(p.x, p.y, p.orbit+p.radius, p.ink) }

const unit = 1 << 14 // what sine and cosine are of

// circle returns the sine and the cosine of an angle, in [unit]. The direction is off by
// less than a thousandth of a turn (Bhaskara's formula), the distance from the centre by
// nothing, so that what goes round stays on its line.
func circle(angle int) (sin, cos int) {
	s, c := bhaskara(angle), bhaskara(angle+65536/4)
	length := int(root(int64(s)*int64(s) + int64(c)*int64(c)))
	return s * unit / length, c * unit / length
}

func bhaskara(angle int) int {
	const half = 32768
	angle &= 65535
	sign := 1
	if angle >= half {
		sign, angle = -1, angle-half
	}
	p := angle * (half - angle)
	return sign * 16 * p * unit / (5*half*half - 4*p)
}
