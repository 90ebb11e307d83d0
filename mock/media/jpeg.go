package media

import (
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"io"
)

// encodeJPEG lets the standard library read pixels that are painted when it comes to them.
func encodeJPEG(ctx context.Context, w io.Writer, s *scene, planets []box, quality int) error {
	l := &lazy{ctx: ctx, painter: newPainter(s, stillLevels), planets: planets}
	l.band = image.NewRGBA(image.Rect(0, 0, s.w, min(lazyRows, s.h)))
	l.band.Rect = image.Rectangle{} // nothing is painted yet
	if err := jpeg.Encode(w, l, &jpeg.Options{Quality: quality}); err != nil {
		return err
	}
	return ctx.Err()
}

// lazyRows is a multiple of the 16 rows that an encoder reads at a time.
const lazyRows = 32

// lazy is an image of which only some rows exist.
type lazy struct {
	ctx     context.Context
	painter *painter
	planets []box
	band    *image.RGBA
	pixel   color.RGBA
}

func (l *lazy) ColorModel() color.Model { return color.RGBAModel }

func (l *lazy) Bounds() image.Rectangle {
	return image.Rect(0, 0, l.painter.scene.w, l.painter.scene.h)
}

// At returns the same memory again and again: it is called for each pixel, and the encoder keeps none.
func (l *lazy) At(x, y int) color.Color {
	if y < l.band.Rect.Min.Y || y >= l.band.Rect.Max.Y {
		top := y / lazyRows * lazyRows
		l.band.Rect = image.Rect(0, top, l.painter.scene.w, min(l.painter.scene.h, top+lazyRows))
		if l.ctx.Err() == nil { // else nobody will see it
			l.painter.paint(l.band, l.planets)
		}
	}
	i := (y-l.band.Rect.Min.Y)*l.band.Stride + 4*x
	l.pixel = color.RGBA{l.band.Pix[i], l.band.Pix[i+1], l.band.Pix[i+2], l.band.Pix[i+3]}
	return &l.pixel
}
