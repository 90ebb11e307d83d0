package media

import (
	"math"
	"slices"

	"golang.org/x/image/font/sfnt"
)

// Areas are filled by scan lines: 16 of them cross each row of pixels, and each covers
// spans of 1/64 of a pixel. All of it is in integers.
const (
	subpixel  = 64
	scanlines = 16
	scanStep  = subpixel / scanlines
	full      = subpixel * scanlines // coverage of a whole pixel
)

// A coverage adds up spans of one row. Each pixel holds what the coverage changes there,
// so that a span costs four additions however long it is.
type coverage struct {
	left  int // pixel of change[0]
	delta []int32
}

// reset empties the row and makes it w pixels wide, from the pixel left on.
func (c *coverage) reset(left, w int) {
	c.left = left
	c.delta = slices.Grow(c.delta[:0], w+2)[:w+2]
	clear(c.delta)
}

// add covers from a to b, in 1/64 of a pixel, times sign. What is outside of the row is cut off.
func (c *coverage) add(a, b int, sign int32) {
	low, high := c.left*subpixel, (c.left+len(c.delta)-2)*subpixel
	a, b = min(max(a, low), high)-low, min(max(b, low), high)-low
	if a < b {
		c.edge(a, sign)
		c.edge(b, -sign)
	}
}

func (c *coverage) edge(x int, sign int32) {
	i, f := floor(x), int32(x&(subpixel-1))
	c.delta[i] += sign * (subpixel - f)
	c.delta[i+1] += sign * f
}

// root is the largest integer whose square is not larger than n. The square root is
// the one operation on floats, beside the four basic ones, that is exact everywhere.
func root(n int64) int64 {
	r := int64(math.Sqrt(float64(n)))
	for r*r > n {
		r--
	}
	for (r+1)*(r+1) <= n {
		r++
	}
	return r
}

// A segment is a straight piece of an outline that runs down, from y0 to y1.
type segment struct {
	x0, y0, x1, y1 int
	up             bool // in the outline it runs up
}

// A mask is the coverage of a glyph, from 0 to 255.
type mask struct {
	left, top int // of the first pixel, from the pen
	w, h      int
	pix       []byte
}

// fill rasterizes an outline. Overlapping contours cover once (the rule is non-zero).
func fill(outline sfnt.Segments, shift int) *mask {
	segments := flatten(outline, shift)
	if len(segments) == 0 {
		return &mask{}
	}
	x0, y0, x1, y1 := segments[0].x0, segments[0].y0, segments[0].x0, segments[0].y1
	for _, s := range segments {
		x0, x1 = min(x0, s.x0, s.x1), max(x1, s.x0, s.x1)
		y0, y1 = min(y0, s.y0), max(y1, s.y1)
	}
	m := &mask{left: floor(x0), top: floor(y0)}
	m.w, m.h = floor(x1+subpixel-1)-m.left, floor(y1+subpixel-1)-m.top
	m.pix = make([]byte, m.w*m.h)
	var row coverage
	var crossings []crossing
	for y := range m.h {
		row.reset(m.left, m.w)
		for k := range scanlines {
			at := (m.top+y)*subpixel + k*scanStep + scanStep/2
			crossings = cross(crossings[:0], segments, at)
			wind, start := 0, 0
			for _, c := range crossings {
				if wind == 0 {
					start = c.x
				}
				wind += c.turn
				if wind == 0 {
					row.add(start, c.x, 1)
				}
			}
		}
		covered := int32(0)
		for x, out := 0, m.pix[y*m.w:]; x < m.w; x++ {
			covered += row.delta[x]
			out[x] = byte((covered*255 + full/2) / full)
		}
	}
	return m
}

// A crossing is where an outline crosses a scan line, and which way.
type crossing struct{ x, turn int }

func cross(found []crossing, segments []segment, y int) []crossing {
	for _, s := range segments {
		if y < s.y0 || y >= s.y1 {
			continue
		}
		c := crossing{s.x0 + (s.x1-s.x0)*(y-s.y0)/(s.y1-s.y0), 1}
		if s.up {
			c.turn = -1
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b crossing) int { return a.x - b.x })
	return found
}

// flatten makes straight pieces of an outline, moved to the right by shift. Curves are
// divided until they are off by no more than 1/16 of a pixel.
func flatten(outline sfnt.Segments, shift int) []segment {
	var segments []segment
	var x, y int
	line := func(toX, toY int) {
		switch {
		case y < toY:
			segments = append(segments, segment{x, y, toX, toY, false})
		case y > toY:
			segments = append(segments, segment{toX, toY, x, y, true})
		}
		x, y = toX, toY
	}
	for _, s := range outline {
		ax, ay := int(s.Args[0].X)+shift, int(s.Args[0].Y)
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			x, y = ax, ay
		case sfnt.SegmentOpLineTo:
			line(ax, ay)
		case sfnt.SegmentOpQuadTo: // the only curves of TrueType
			fromX, fromY := x, y
			toX, toY := int(s.Args[1].X)+shift, int(s.Args[1].Y)
			bend := abs(x-2*ax+toX) + abs(y-2*ay+toY) // 4 times what a chord is off
			n := min(1+int(root(int64(bend/16))), 64)
			for i := 1; i <= n; i++ {
				p, q, r := (n-i)*(n-i), 2*i*(n-i), i*i
				line((p*fromX+q*ax+r*toX)/(n*n), (p*fromY+q*ay+r*toY)/(n*n))
			}
		}
	}
	return segments
}

func abs(n int) int { return max(n, -n) }

// floor is the whole pixel that x is in.
func floor(x int) int { return x >> 6 }
