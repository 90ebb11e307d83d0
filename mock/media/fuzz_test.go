package media_test

import (
	"os"
	"path/filepath"
	"testing"

	"pictap/mock/media"
)

// FuzzEncode draws small pictures of any texts: each must be one, of its size.
func FuzzEncode(f *testing.F) {
	names, err := filepath.Glob("testdata/texts/*.txt")
	if err != nil || len(names) < 12 {
		f.Fatalf("%d seeds in testdata/texts (%v)", len(names), err)
	}
	for i, name := range names {
		text, readErr := os.ReadFile(name)
		if readErr != nil {
			f.Fatal(readErr)
		}
		f.Add(uint8(i), uint8(30*i), uint8(250-10*i), string(text), string(text), uint64(i))
	}
	f.Fuzz(func(t *testing.T, format, w, h uint8, title, text string, seed uint64) {
		formats := media.Formats()
		p := media.Picture{Format: formats[int(format)%len(formats)], Width: int(w), Height: int(h), Title: title, ID: text,
			Lines: []media.Line{{Name: title, Text: text}, {Text: text}}, Background: text, Text: title, Seed: seed, Quality: int(format) % 100, Frames: int(format) % 4,
			Shown: int(seed % 100), Rate: int(seed>>32) % 121}
		low, _ := p.Format.Bounds()
		if ok := p.Width >= low && p.Height >= low; (p.Check() == nil) != ok {
			t.Fatalf("Check of %d×%d: %v", w, h, p.Check())
		} else if !ok {
			return
		}
		data := encode(t, p)
		if p.Format == media.MP4 {
			if m := readMP4(t, data); m.width != p.Width || m.height != p.Height || p.Shown > 0 && len(m.frames) != p.Shown {
				t.Errorf("%d×%d, %d frames", m.width, m.height, len(m.frames))
			}
		} else if p.Format == media.PDF {
			if n := readPDF(t, data).pages; n != 1 {
				t.Errorf("%d pages", n)
			}
		} else if b := decode(t, p.Format, data).Bounds(); b.Dx() != p.Width || b.Dy() != p.Height {
			t.Errorf("%v", b)
		}
	})
}
