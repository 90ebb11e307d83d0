// Package media draws the pictures that the mock hands out: real PNG, JPEG, WebP,
// animated GIF, PDF and MP4 bytes for a size, some texts and a seed. It knows nothing of
// HTTP nor of Pictify.
//
// # From a Picture to its bytes
//
// A [Picture] is composed once into a scene: a ground, a few rounded boxes (discs and
// rings are such too) and runs of text, all placed in 1/64 of a pixel or point. A PDF
// writes the scene down as it is. The other formats paint it band by band, some rows at a
// time, while the encoder reads: nothing ever holds the whole picture, so that 4096×4096
// pixels cost a few MiB, and a context that ends is noticed at the next band. The
// frames of a GIF share one palette and are painted, compared and written one after the other;
// those of an MP4 are JPEGs, one after the other (see encodeMP4).
//
// # The same Picture gives the same bytes
//
// On every machine: whatever reaches a byte is computed with integers, because compilers
// fuse floating point multiplications and additions on some processors and not on
// others. That is why glyphs are filled here and not by golang.org/x/image/vector, which
// flattens curves in float32. Only a PDF's numbers are floats, as its library wants
// them, and those are multiples of 1/64, which are exact. What may change the bytes
// is a change of Go's own compressors, or of this package; the tests tell the two apart.
//
// # Why not a library for WebP
//
// The known one in Go (HugoSmits86/nativewebp 0.9.3) took 220 ms and 38 MiB for 1200×630 and
// 835 MiB for 4096×4096. A lossless WebP of what is drawn here needs little of the
// format (see encodeWebP), streams, and takes 14 ms and 2 MiB, or 140 ms and 5 MiB.
//
// # Text
//
// The fonts are Go's own: Latin, Greek and Cyrillic. A character that they lack is shown as
// a tile with the initials of its script (emoji have a face), one for each cluster that a reader takes for one
// character, in the order of the text: there is no shaping and no bidirectional order.
package media

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// The bounds of what is drawn. Check refuses what is outside before memory is allocated.
const (
	MaxSize    = 4096  // pixels, of each side of an image
	MaxGIFSize = 2000  // pixels, of each side of a GIF
	MinPDFSize = 3     // points; readers are not bound to show smaller or larger pages (PDF 1.7, annex C)
	MaxPDFSize = 14400 // points
	MaxFrames  = 720   // of a GIF: the longest capture, 30 s of 24 frames
	MaxPages   = 500   // of a PDF

	MaxDelay = 10 * time.Second // of a frame

	defaultQuality = 90
	defaultFrames  = 24
	defaultDelay   = 80 * time.Millisecond
)

// A Picture is what is to be drawn. It has a format and a size; all else may be
// left out. The same Picture gives the same bytes.
type Picture struct {
	Format        Format
	Width, Height int // pixels; points of a PDF

	Title string // large: the template's name, or a page's title
	Lines []Line // below it
	ID    string // in small print

	// Background and Text are CSS colours: names, hexadecimal, rgb() and hsl(). What is
	// empty or is not understood is chosen from the seed. A text that could
	// hardly be read is drawn lighter or darker than asked; a background is always what was asked,
	// and "transparent" is so in PNG, WebP and GIF, and paper in JPEG, MP4 and PDF.
	Background, Text string

	Quality int           // 1 to 100, of a JPEG; 0 is 90
	Frames  int           // of a GIF, or of an MP4 that are drawn; 0 is 24
	Delay   time.Duration // of each frame, in sum exact to 1/100 s; 0 is 80 ms
	Pages   []Page        // of a PDF; without any, it has one with Title and Lines
	Shown   int           `json:",omitempty"` // frames of an MP4, of which only Frames differ; 0 is as many
	Rate    int           `json:",omitempty"` // of them a second; 0 is 30

	Seed uint64 // colours and ornament
}

// A Line is a variable with its value, or a paragraph when it has no name.
type Line struct{ Name, Text string }

// A Page is what differs from page to page.
type Page struct {
	Title string
	Lines []Line
}

// A BoundsError says which number of a Picture is out of its bounds.
type BoundsError struct {
	What     string // "width"
	Got      int64
	Min, Max int64
}

func (e *BoundsError) Error() string {
	return fmt.Sprintf("%s %d is not between %d and %d", e.What, e.Got, e.Min, e.Max)
}

// Check returns a [BoundsError] when a number of p is out of bounds, and an
// [UnknownFormatError] when its format is none. It costs nothing.
func (p Picture) Check() error {
	if !slices.Contains(Formats(), p.Format) {
		return &UnknownFormatError{string(p.Format)}
	}
	low, high := p.Format.Bounds()
	for _, b := range []BoundsError{
		{"width", int64(p.Width), int64(low), int64(high)},
		{"height", int64(p.Height), int64(low), int64(high)},
		{"quality", int64(p.Quality), 0, 100},
		{"frames", int64(p.Frames), 0, MaxFrames},
		{"delay in ms", p.Delay.Milliseconds(), 0, MaxDelay.Milliseconds()},
		{"pages", int64(len(p.Pages)), 0, MaxPages},
		{"frames shown", int64(p.Shown), 0, MaxShown},
		{"frames a second", int64(p.Rate), 0, MaxRate},
		{"pixels of all frames", p.filmed(), 0, MaxFilm},
	} {
		if b.Got < b.Min || b.Got > b.Max {
			return &b
		}
	}
	return nil
}

// filmed is how many pixels an MP4 has in all frames that are drawn; 0 of what is none.
func (p Picture) filmed() int64 {
	if p.Format != MP4 || max(p.Width, p.Height) > MaxSize || min(p.Width, p.Height) < 1 {
		return 0 // or is refused anyway
	}
	return int64(p.Width*p.Height) * int64(p.film().drawn)
}

// Encode writes the picture to w, or an error of Check, of w, or of ctx. It may be
// called by many goroutines at once, takes one core, and holds less than 16 MiB: a GIF holds two
// bytes for each pixel, a PDF its pages until it is whole, an MP4 one frame.
func (p Picture) Encode(ctx context.Context, w io.Writer) error {
	if err := p.Check(); err != nil {
		return err
	}
	w = &stopper{ctx, w}
	var err error
	switch p.Format {
	case PNG:
		err = encodePNG(ctx, w, compose(p, 0))
	case JPEG:
		s := compose(p, 0)
		err = encodeJPEG(ctx, w, s, s.still(), cmp.Or(p.Quality, defaultQuality))
	case WebP:
		err = encodeWebP(ctx, w, compose(p, 0))
	case GIF:
		err = encodeGIF(ctx, w, compose(p, 0), cmp.Or(p.Frames, defaultFrames), cmp.Or(p.Delay, defaultDelay))
	case PDF:
		err = encodePDF(ctx, w, p)
	case MP4:
		err = encodeMP4(ctx, w, compose(p, 0), p.film(), cmp.Or(p.Quality, defaultQuality))
	}
	if err != nil {
		return fmt.Errorf("draw %s of %d×%d: %w", p.Format, p.Width, p.Height, err)
	}
	return nil
}

// A stopper is a writer that ends with its context: encoders of the standard library know none.
type stopper struct {
	ctx context.Context
	w   io.Writer
}

func (s *stopper) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.w.Write(b)
}
