package media_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pictap/mock/media"
)

const goldenFile = "testdata/golden.txt"

const goldenHead = `# SHA-256 of the bytes and of the decoded pixels of some pictures, as
#	go test ./mock/media -run Golden -update
# wrote them; with MEDIA_OUT=DIR the pictures are written there too: look at them before committing.
`

// pixelSum is a sum of what a decoder makes of a picture, "-" of a PDF.
func pixelSum(t *testing.T, f media.Format, data []byte) string {
	if f == media.PDF {
		return "-"
	}
	sum := sha256.New()
	if f == media.MP4 {
		for _, frame := range readMP4(t, data).frames {
			m := decode(t, media.JPEG, frame)
			fmt.Fprint(sum, m.Rect)
			sum.Write(m.Pix)
		}
	} else if f == media.GIF {
		g, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range g.Image {
			fmt.Fprint(sum, frame.Rect, frame.Palette)
			sum.Write(frame.Pix)
		}
	} else {
		m := decode(t, f, data)
		fmt.Fprint(sum, m.Rect)
		sum.Write(m.Pix)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func TestGolden(t *testing.T) {
	var got strings.Builder
	got.WriteString(goldenHead)
	all := samples()
	want := readGolden(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := all[name]
		data := encode(t, p)
		if dir := os.Getenv("MEDIA_OUT"); dir != "" {
			if err := os.WriteFile(dir+"/"+strings.ReplaceAll(name, " ", "-")+p.Format.Extension(), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sums := [2]string{fmt.Sprintf("%x", sha256.Sum256(data)), pixelSum(t, p.Format, data)}
		fmt.Fprintf(&got, "%s\t%s\t%s\n", name, sums[0], sums[1])
		switch w := want[name]; {
		case *update || sums == w:
		case sums[1] == w[1] && p.Format != media.PDF:
			t.Errorf("%s: the same pixels in other bytes: has Go got another compressor? Then -update", name)
		default:
			t.Errorf("%s: it looks different; if that was meant, look at it (MEDIA_OUT=DIR), then -update", name)
		}
		delete(want, name)
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name := range want {
		t.Errorf("%s is in %s and not drawn", name, goldenFile)
	}
}

func readGolden(t *testing.T) map[string][2]string {
	text, err := os.ReadFile(goldenFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	sums := map[string][2]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
			sums[f[0]] = [2]string{f[1], f[2]}
		}
	}
	return sums
}

// frames returns what a viewer sees of each frame of a GIF: it paints them on each other.
func frames(t *testing.T, p media.Picture) (seen [][]byte) {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(encode(t, p)))
	if err != nil {
		t.Fatal(err)
	}
	canvas := image.NewNRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i, frame := range g.Image {
		draw.Draw(canvas, frame.Rect, frame, frame.Rect.Min, draw.Over)
		seen = append(seen, slices.Clone(canvas.Pix))
		if g.Disposal[i] == gif.DisposalBackground {
			clear(canvas.Pix)
		}
	}
	return seen
}

// A frame has only what changed since the one before. In 24 frames every second one shows
// what one of 12 shows, by other changes; both must add up to the same.
func TestGIFFramesAddUp(t *testing.T) {
	for _, background := range []string{"", "transparent"} {
		p := card(media.GIF, 300, 200)
		p.Background, p.Frames = background, 12
		few := frames(t, p)
		p.Frames = 24
		many := frames(t, p)
		for i := range few {
			if !bytes.Equal(few[i], many[2*i]) {
				t.Errorf("background %q: frame %d of 12 is not frame %d of 24", background, i, 2*i)
			}
		}
	}
}
