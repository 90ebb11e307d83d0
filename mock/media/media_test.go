package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"pictap/mock/media"
)

var images = []media.Format{media.PNG, media.JPEG, media.WebP, media.GIF}

func TestImagesHaveTheirSize(t *testing.T) {
	sizes := [][2]int{{1, 1}, {1, 2}, {2, 1}, {3, 39}, {16, 16}, {40, 40}, {41, 300}, {1500, 500}, {2000, 1}, {1, 2000}}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		sizes = append(sizes, [2]int{1 + r.IntN(300), 1 + r.IntN(300)})
	}
	for _, f := range images {
		for i, size := range sizes {
			p := card(f, size[0], size[1])
			p.Frames, p.Seed = 2, uint64(i)
			if got, want := decode(t, f, encode(t, p)).Bounds(), image.Rect(0, 0, size[0], size[1]); got != want {
				t.Errorf("%s: %v, want %v", f, got, want)
			}
		}
	}
}

// Of the lossless formats each is the other's witness. Below 40 pixels nothing is written that names the format.
func TestPNGAndWebPShowTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 200 {
		p := card(media.PNG, 1+r.IntN(600), 1+r.IntN(39))
		p.Seed, p.Background = r.Uint64(), []string{"", "transparent", "rgba(10, 200, 30, 0.5)", "teal"}[i%4]
		a := decode(t, media.PNG, encode(t, p))
		p.Format = media.WebP
		if b := decode(t, media.WebP, encode(t, p)); !bytes.Equal(a.Pix, b.Pix) {
			t.Fatalf("%d×%d, seed %d, background %q: they differ", p.Width, p.Height, p.Seed, p.Background)
		}
	}
}

func TestBackgroundIsWhatWasAsked(t *testing.T) {
	for _, f := range images {
		for background, want := range map[string]color.NRGBA{
			"#123456": {0x12, 0x34, 0x56, 255}, "rebeccapurple": {0x66, 0x33, 0x99, 255}, "rgb(255 0 0)": {255, 0, 0, 255},
			"transparent": {}, "rgba(0,0,255,0.5)": {0, 0, 255, 128},
		} {
			p := card(f, 400, 300)
			p.Background = background
			got := decode(t, f, encode(t, p)).NRGBAAt(0, 0)
			if f == media.JPEG || f == media.GIF && want.A > 0 { // on paper
				a := int(want.A)
				mixed := func(v uint8) uint8 { return uint8((int(v)*a + 255*(255-a)) / 255) }
				want = color.NRGBA{mixed(want.R), mixed(want.G), mixed(want.B), 255}
			}
			near := 1
			if f == media.JPEG {
				near = 4
			}
			if !isNear(got, want, near) {
				t.Errorf("%s, %s: %v, want %v", f, background, got, want)
			}
		}
	}
}

func isNear(a, b color.NRGBA, by int) bool {
	apart := func(a, b uint8) bool { return max(a, b)-min(a, b) > uint8(by) }
	return !apart(a.R, b.R) && !apart(a.G, b.G) && !apart(a.B, b.B) && !apart(a.A, b.A)
}

func TestGIFMoves(t *testing.T) {
	for _, background := range []string{"", "transparent"} {
		p := card(media.GIF, 400, 300)
		p.Frames, p.Delay, p.Background = 24, time.Second/24, background
		data := encode(t, p)
		g, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Image) != 24 || g.Config.Width != 400 || g.Config.Height != 300 || g.LoopCount != 0 {
			t.Errorf("%d frames of %d×%d, loops %d", len(g.Image), g.Config.Width, g.Config.Height, g.LoopCount)
		}
		total := 0
		for i, frame := range g.Image {
			total += g.Delay[i]
			if !frame.Bounds().In(image.Rect(0, 0, 400, 300)) || i == 0 && frame.Bounds() != image.Rect(0, 0, 400, 300) {
				t.Errorf("frame %d is at %v", i, frame.Bounds())
			}
			if len(frame.Palette) > 256 {
				t.Errorf("frame %d has %d colours", i, len(frame.Palette))
			}
		}
		if total != 100 {
			t.Errorf("24 frames of 1/24 s take %d/100 s", total)
		}
		if background == "" && len(data) > 100<<10 {
			t.Errorf("%d bytes", len(data))
		}
		seen := map[string]bool{}
		for _, frame := range g.Image {
			seen[fmt.Sprint(frame.Rect, frame.Pix)] = true
		}
		if len(seen) != 24 {
			t.Errorf("%d different frames", len(seen))
		}
	}
	for _, frames := range []int{1, 2, media.MaxFrames} {
		p := card(media.GIF, 20, 10)
		p.Frames, p.Delay = frames, 0
		if g, err := gif.DecodeAll(bytes.NewReader(encode(t, p))); err != nil || len(g.Image) != frames {
			t.Errorf("%d frames: %v", frames, err)
		}
	}
}

func TestSamePictureSameBytes(t *testing.T) {
	for name, p := range samples() {
		if p.Width*p.Height > 500_000 {
			continue // the goldens have them
		}
		var got [2]bytes.Buffer
		var group sync.WaitGroup
		for i := range got {
			group.Go(func() {
				if err := p.Encode(t.Context(), &got[i]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		group.Wait()
		if !bytes.Equal(got[0].Bytes(), got[1].Bytes()) {
			t.Errorf("%s: other bytes", name)
		}
		p.Seed++
		if bytes.Equal(encode(t, p), got[0].Bytes()) {
			t.Errorf("%s: another seed, the same bytes", name)
		}
	}
}

func TestCheck(t *testing.T) {
	good := card(media.PNG, 10, 10)
	for what, change := range map[string]func(*media.Picture){
		"width 0 is not between 1 and 4096":               func(p *media.Picture) { p.Width = 0 },
		"width -1 is not between 1 and 4096":              func(p *media.Picture) { p.Width = -1 },
		"height 4097 is not between 1 and 4096":           func(p *media.Picture) { p.Height = 4097 },
		"width 1000000000 is not between 1 and 4096":      func(p *media.Picture) { p.Width, p.Height = 1e9, 1e9 },
		fmt.Sprint("width ", math.MaxInt, " is not"):      func(p *media.Picture) { p.Width, p.Height = math.MaxInt, math.MaxInt },
		fmt.Sprint("height ", math.MinInt, " is not"):     func(p *media.Picture) { p.Height = math.MinInt },
		"width 2001 is not between 1 and 2000":            func(p *media.Picture) { p.Format, p.Width = media.GIF, 2001 },
		"width 2 is not between 3 and 14400":              func(p *media.Picture) { p.Format, p.Width = media.PDF, 2 },
		"height 14401 is not between 3 and 14400":         func(p *media.Picture) { p.Format, p.Height = media.PDF, 14401 },
		"quality 101 is not between 0 and 100":            func(p *media.Picture) { p.Quality = 101 },
		"frames 721 is not between 0 and 720":             func(p *media.Picture) { p.Frames = 721 },
		"frames -1 is not between 0 and 720":              func(p *media.Picture) { p.Frames = -1 },
		"delay in ms 3600000 is not between 0 and 10000":  func(p *media.Picture) { p.Delay = time.Hour },
		"pages 501 is not between 0 and 500":              func(p *media.Picture) { p.Pages = make([]media.Page, 501) },
		"frames shown 108001 is not between 0 and 108000": func(p *media.Picture) { p.Format, p.Shown = media.MP4, 108001 },
		"frames a second 121 is not between 0 and 120":    func(p *media.Picture) { p.Format, p.Rate = media.MP4, 121 },
		"pixels of all frames 83886080 is not between 0 ": func(p *media.Picture) { p.Format, p.Width, p.Height, p.Frames, p.Shown = media.MP4, 4096, 4096, 5, 5 },
		`"tiff" is not one of png, jpg, jpeg, webp, gif,`: func(p *media.Picture) { p.Format = "tiff" },
		`"PNG" is not one of png`:                         func(p *media.Picture) { p.Format = "PNG" }, // ParseFormat makes it one
		`"" is not one of png`:                            func(p *media.Picture) { p.Format = "" },
	} {
		p := good
		change(&p)
		var out bytes.Buffer
		err := p.Encode(t.Context(), &out)
		if err == nil || !strings.HasPrefix(err.Error(), what) || out.Len() > 0 {
			t.Errorf("Encode = %v, %d bytes; want %q", err, out.Len(), what)
		}
		if allocs := testing.AllocsPerRun(10, func() { p.Check() }); allocs > 10 {
			t.Errorf("%s: %v allocations", what, allocs)
		}
	}
	var bounds *media.BoundsError
	bad := good
	bad.Width = 5000
	if err := bad.Check(); !errors.As(err, &bounds) || bounds.Got != 5000 || bounds.Max != media.MaxSize {
		t.Errorf("Check = %v", err)
	}
}

func TestParseFormat(t *testing.T) {
	for name, want := range map[string]string{
		"png": "image/png", "PNG": "image/png", "jpg": "image/jpeg", ".jpeg": "image/jpeg", "WebP": "image/webp", "gif": "image/gif", ".pdf": "application/pdf", "MP4": "video/mp4",
	} {
		if f, err := media.ParseFormat(name); err != nil || f.ContentType() != want {
			t.Errorf("%s: %s, %v", name, f.ContentType(), err)
		}
	}
	for _, name := range []string{"", ".", "svg", "png ", "..png", "webm"} {
		if f, err := media.ParseFormat(name); err == nil {
			t.Errorf("%q is %s", name, f)
		}
	}
	for _, f := range media.Formats() {
		if got, err := media.ParseFormat(f.Extension()); err != nil || got != f {
			t.Errorf("%s is %s (%v)", f.Extension(), got, err)
		}
	}
}

// a stopWriter calls stop when the first bytes come, and counts those that come later.
type stopWriter struct {
	stop   func()
	err    error
	writes int
}

func (w *stopWriter) Write(b []byte) (int, error) {
	w.writes++
	w.stop()
	return len(b), w.err
}

func TestEncodeEndsWithItsContext(t *testing.T) {
	for _, f := range media.Formats() {
		p := card(f, 2000, 2000)
		p.Frames, p.Pages = 200, make([]media.Page, 200)
		if f == media.MP4 {
			p.Frames, p.Shown = 16, media.MaxShown
		}
		ctx, cancel := context.WithCancel(t.Context())
		w := &stopWriter{stop: cancel}
		if f == media.WebP || f == media.PDF { // these write when all is done
			cancel()
		}
		start := time.Now()
		if err := p.Encode(ctx, w); !errors.Is(err, context.Canceled) || w.writes > 1 {
			t.Errorf("%s: %v after %d writes", f, err, w.writes)
		}
		if took := time.Since(start); took > time.Minute { // with the race detector
			t.Errorf("%s: took %v", f, took)
		}
		full := &stopWriter{stop: func() {}, err: errors.New("disk full")}
		if err := card(f, 300, 300).Encode(t.Context(), full); !errors.Is(err, full.err) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

var hostile = map[string]string{
	"long word":   strings.Repeat("a", 1<<20),
	"long text":   strings.Repeat("word ", 1<<18),
	"long emoji":  strings.Repeat("👩‍👩‍👧‍👦", 1<<14),
	"marks":       "e" + strings.Repeat("\u0301", 1<<19),
	"zero width":  strings.Repeat("\u200b\u200d\ufeff\u00ad", 1<<16),
	"bidi":        "\u202eevil\u202c \u2066x\u2069 " + strings.Repeat("\u202e", 1<<16),
	"control":     "a\x00b\x1b[31mred\x07\r\n\t\v\f\x7f\u0085\u2028c",
	"invalid":     "\xff\xfe\xc3(\xed\xa0\x80\xf4\x90\x80\x80" + strings.Repeat("\x80", 1<<16),
	"lone marks":  "\u0301 \u0308\u20e3 \ufe0f",
	"private use": "\ue000\U000f0000\U0010fffd\uffff\ufdd0",
	"cjk":         strings.Repeat("漢字かな交じり文、", 1<<16),
	"flags":       strings.Repeat("🇦", 1<<14),
	"newlines":    strings.Repeat("\n", 1<<20),
	"pdf":         `) Tj ET \ ( endstream endobj %%EOF <</JS (x)>> {nb}`,
}

func TestHostileTexts(t *testing.T) {
	for name, text := range hostile {
		for _, f := range media.Formats() {
			for _, size := range [][2]int{{40, 40}, {400, 200}, {60, 300}} {
				p := media.Picture{Format: f, Width: size[0], Height: size[1], Title: text, ID: text, Background: text, Text: text, Frames: 2,
					Lines: []media.Line{{text, text}, {"", text}, {text, ""}, {"a", text}}}
				start := time.Now()
				data := encode(t, p)
				if took := time.Since(start); took > 30*time.Second {
					t.Errorf("%s, %s of %v took %v", name, f, size, took)
				}
				if f == media.MP4 {
					readMP4(t, data)
				} else if f == media.PDF {
					readPDF(t, data)
				} else if b := decode(t, f, data).Bounds(); b.Dx() != size[0] || b.Dy() != size[1] {
					t.Errorf("%s, %s: %v", name, f, b)
				}
			}
		}
	}
}

// What the fonts lack must be seen as something, and what has no shape as nothing.
func TestTextIsSeen(t *testing.T) {
	bare := card(media.PNG, 400, 300)
	bare.Title, bare.Lines, bare.Background = "", nil, "white"
	empty := encode(t, bare)
	for text, visible := range map[string]bool{
		"a": true, "漢": true, "🎉": true, "م": true, "\xff": true, "\ue000": true, "\u0301": true, "☆": true, "₿": true, "\U0001e900": true,
		"": false, " \n": false, "\u200b": false, "\u202e": false, "\x00": false, "\ufe0f": false,
	} {
		p := bare
		p.Title = text
		if got := !bytes.Equal(encode(t, p), empty); got != visible {
			t.Errorf("%q is seen: %t", text, got)
		}
	}
}
