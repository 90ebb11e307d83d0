package media

import (
	"image"
	"image/color"
)

// A box is a rectangle with round corners, in 1/64 of a pixel or point: with its largest
// radius it is a disc. With a stroke it is an outline, inside of the rectangle.
type box struct {
	x0, y0, x1, y1 int
	radius         int
	stroke         int // 0 is filled
	ink            color.NRGBA
}

func disc(x, y, radius int, ink color.NRGBA) box {
	return box{x - radius, y - radius, x + radius, y + radius, radius, 0, ink}
}

// bounds are the pixels that b may touch.
func (b box) bounds() image.Rectangle {
	return image.Rect(floor(b.x0), floor(b.y0), floor(b.x1+subpixel-1), floor(b.y1+subpixel-1))
}

// inner is the hole of an outline.
func (b box) inner() box {
	return box{b.x0 + b.stroke, b.y0 + b.stroke, b.x1 - b.stroke, b.y1 - b.stroke, max(0, b.radius-b.stroke), 0, b.ink}
}

// span is what the scan line y of a filled box covers.
func (b box) span(y int) (from, to int) {
	if y < b.y0 || y >= b.y1 {
		return 0, 0
	}
	r := min(b.radius, (b.x1-b.x0)/2, (b.y1-b.y0)/2)
	in := max(0, b.y0+r-y, y-(b.y1-r)) // how far it is into the corners
	if in == 0 {
		return b.x0, b.x1
	}
	cut := r - int(root(int64(r)*int64(r)-int64(in)*int64(in)))
	return b.x0 + cut, b.x1 - cut
}

// cover adds what b covers of a row of pixels.
func (b box) cover(row *coverage, y int) {
	inner := b.inner()
	for k := range scanlines {
		at := y*subpixel + k*scanStep + scanStep/2
		from, to := b.span(at)
		row.add(from, to, 1)
		if b.stroke > 0 {
			from, to = inner.span(at)
			row.add(from, to, -1)
		}
	}
}

// hole is what an outline leaves free of a row, in whole pixels; it saves looking at them.
func (b box) hole(y int) (from, to int) {
	if b.stroke == 0 {
		return 0, 0
	}
	inner := b.inner()
	from0, to0 := inner.span(y*subpixel + scanStep/2)
	from1, to1 := inner.span((y+1)*subpixel - scanStep/2)
	return floor(max(from0, from1) + subpixel - 1), floor(min(to0, to1))
}
