package media_test

import (
	"image/color"
	"math"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"testing"

	"pictap/mock/media"
)

// Known answers of a browser (getComputedStyle in Chromium), but for those that it refuses.
func TestParseColor(t *testing.T) {
	for text, want := range map[string]color.NRGBA{
		"#abc": {0xaa, 0xbb, 0xcc, 255}, "#ABCD": {0xaa, 0xbb, 0xcc, 0xdd}, "#0a0b0c": {10, 11, 12, 255}, "#0a0b0c80": {10, 11, 12, 128},
		"tomato": {255, 99, 71, 255}, " White ": {255, 255, 255, 255}, "transparent": {},
		"rgb(1,2,3)": {1, 2, 3, 255}, "rgb(1 2 3 / 50%)": {1, 2, 3, 128}, "rgba(1, 2, 3, .5)": {1, 2, 3, 128}, "rgb(100%, 0%, 50%)": {255, 0, 128, 255}, "rgb(999, 0, 0)": {255, 0, 0, 255},
		"hsl(0, 100%, 50%)": {255, 0, 0, 255}, "hsl(120 100% 25%)": {0, 128, 0, 255}, "hsl(240deg, 100%, 50%)": {0, 0, 255, 255},
		"hsl(210, 50%, 40%)": {51, 102, 153, 255}, "hsla(60, 100%, 50%, 0.25)": {255, 255, 0, 64}, "hsl(0,0%,100%)": {255, 255, 255, 255},
	} {
		if got, ok := media.ParseColor(text); !ok || !isNear(got, want, 0) {
			t.Errorf("%q is %v, %t; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "#", "#12", "#12345", "#ggg", "rgb()", "rgb(1,2)", "rgb(a,b,c)", "rgb(1,2,3", "hsl(1,2,3)", "url(#x)", "lab(1 2 3)", "rgb(-1,2,3)", "rgb(1,2,3,4,5)", "no-colour"} {
		if got, ok := media.ParseColor(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// The first three are published examples: WebAIM's contrast checker and the WCAG's own black and white.
func TestContrast(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000", "#fff", 21}, {"#777", "#fff", 4.48}, {"#0000ff", "#ffffff", 8.59}, {"#123", "#123", 1}} {
		a, _ := media.ParseColor(c.a)
		b, _ := media.ParseColor(c.b)
		if got := float64(media.Contrast(a, b)) / 100; math.Abs(got-c.want) > 0.02 {
			t.Errorf("%s on %s: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

// Whatever is asked for, text can be read: on its ground as WCAG asks of text, and as of large
// text where it runs over the ornament or has a colour that was asked for.
func TestTextIsReadable(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	names := []string{"", "", "transparent", "white", "black", "#777", "red", "yellow", "blue", "rgba(120,120,120,.5)", "nonsense"}
	for range 3000 {
		p := card(media.Formats()[r.IntN(6)], 100, 100)
		p.Seed, p.Background, p.Text = r.Uint64(), names[r.IntN(len(names))], names[r.IntN(len(names))]
		if r.IntN(3) == 0 {
			p.Background = string([]byte{'#', "0123456789abcdef"[r.IntN(16)], "0123456789abcdef"[r.IntN(16)], "0123456789abcdef"[r.IntN(16)]})
		}
		seen := media.SchemeOf(p)
		for _, text := range seen.Texts {
			for i, ground := range seen.Grounds {
				least := int64(298)           // over the steps between the ends, too
				if i%5 == 0 && p.Text == "" { // bare, and the text's colour is ours
					least = 435
				}
				if got := media.Contrast(text, ground); got < least {
					t.Fatalf("%+v: %v on %v has a contrast of %d", p, text, ground, got)
				}
			}
		}
	}
}

// A prefix code is complete (Kraft's sum is 1), within its bound, and short for what is frequent.
func TestPrefixCodes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		counts := make([]uint32, 2+r.IntN(300))
		for i := range counts {
			counts[i] = uint32(1) << r.IntN(31) >> r.IntN(31)
		}
		counts[0], counts[1] = 1, 1
		longest := 9 + r.IntN(7)
		sum := 0
		lengths := media.PrefixLengths(counts, longest)
		for i, n := range lengths {
			if (n == 0) != (counts[i] == 0) || int(n) > longest {
				t.Fatalf("symbol that comes %d times has length %d of %d", counts[i], n, longest)
			}
			if n > 0 {
				sum += 1 << (16 - n)
			}
		}
		if sum != 1<<16 {
			t.Fatalf("Kraft's sum is %d/65536", sum)
		}
	}
	fibonacci := make([]uint32, 40) // the highest tree there is
	fibonacci[0], fibonacci[1] = 1, 1
	for i := 2; i < len(fibonacci); i++ {
		fibonacci[i] = fibonacci[i-1] + fibonacci[i-2]
	}
	if lengths := media.PrefixLengths(fibonacci, 15); lengths[39] > 2 || lengths[0] > 15 {
		t.Errorf("lengths %v", lengths)
	}
}

// All that is allocated, whether it is freed or not, is less than the 150 MiB that a picture may hold.
func TestMemoryIsBounded(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	for _, f := range media.Formats() {
		p := card(f, largest, largest)
		bound := uint64(16 << 20)
		switch f {
		case media.GIF:
			p.Width, p.Height, p.Frames = min(largest, media.MaxGIFSize), min(largest, media.MaxGIFSize), 12
			bound = 40 << 20 // a compressor for each frame
		case media.MP4:
			p.Frames, p.Shown = 3, media.MaxShown
		case media.PDF:
			p.Pages = make([]media.Page, 50)
			for i := range p.Pages {
				p.Pages[i] = media.Page{Title: "A page", Lines: foreign}
			}
			bound = 50 << 20
		}
		encode(t, card(f, 50, 50)) // what is made once
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := p.Encode(t.Context(), nowhere{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		got := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s of %d×%d: %d KiB", f, p.Width, p.Height, got>>10)
		if got > bound {
			t.Errorf("%s of %d×%d allocates %d bytes", f, p.Width, p.Height, got)
		}
	}
}

// nowhere is io.Discard without its other methods.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

const alphabets = "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ абвгдежзийклмнопрстуфхцчшщъыьэюя ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ αβγδεζηθικλμνξοπρστυφχψω"

func TestGlyphsAreBounded(t *testing.T) {
	for i := range 60 {
		p := card(media.PNG, 300+5*i, 300)
		p.Lines = []media.Line{{Text: alphabets}}
		encode(t, p)
		if got, bound := media.GlyphBytes(); got > bound {
			t.Fatalf("%d bytes of glyphs, of %d", got, bound)
		}
	}
	if got, _ := media.GlyphBytes(); got == 0 {
		t.Error("no glyph is remembered")
	}
}
