package media_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"pictap/mock/media"
)

var update = flag.Bool("update", false, "rewrite testdata/golden.txt; look at the pictures before committing it")

var variables = []media.Line{{Name: "name", Text: "Ada Lovelace"}, {Name: "company", Text: "Analytical Engines Ltd."}}

var foreign = []media.Line{
	{Name: "name", Text: "山田太郎さん、こんにちは"},
	{Name: "emoji", Text: "Party 🎉🥳 time 👩‍💻 ❤️ 🇩🇪!"},
	{Name: "arabic", Text: "مرحبا بالعالم"},
	{Name: "marks", Text: "Z͑ͫ̓ͪ̂ͫ̽a̴l̷g̸o e\u0301 ệ"},
}

var page = []media.Line{
	{Text: "The text of a page that came as HTML. It is long enough for some lines, and they have to be wrapped where words end."},
	{Text: "A second paragraph, with Ελληνικά and Русский."},
}

// card is an ordinary picture.
func card(f media.Format, w, h int) media.Picture {
	return media.Picture{Format: f, Width: w, Height: h, Title: "Welcome Card", Lines: variables, ID: "9tv83-1698983654151", Seed: 7}
}

// samples are pictures of all kinds. Their names are those of goldens, and of files to look at.
func samples() map[string]media.Picture {
	all := map[string]media.Picture{
		"clear":     {Background: "transparent"},
		"red":       {Background: "#ff0000", Text: "white"},
		"grey":      {Background: "#777", Text: "#888"},
		"foreign":   {Title: "春のセール 🎉 50% オフ", Lines: foreign},
		"paragraph": {Title: "About", Lines: page},
		"long":      {Title: strings.Repeat("An extraordinarily long name. ", 9), Lines: append(append(append([]media.Line{}, foreign...), page...), variables...)},
	}
	for name, p := range all {
		p.Format, p.Width, p.Height, p.ID, p.Seed = media.PNG, 800, 600, "XL13XACH2V", uint64(len(name))
		if p.Title == "" {
			p.Title, p.Lines = "Colours", variables
		}
		all[name] = p
	}
	for _, f := range []media.Format{media.PNG, media.JPEG, media.WebP} {
		for _, size := range [][2]int{{1, 1}, {16, 16}, {64, 64}, {728, 90}, {160, 600}, {1200, 630}} {
			all[fmt.Sprintf("%s %d×%d", f, size[0], size[1])] = card(f, size[0], size[1])
		}
	}
	for _, f := range []media.Format{media.JPEG, media.WebP, media.GIF, media.PDF, media.MP4} {
		p := all["clear"]
		p.Format = f
		if f == media.MP4 {
			p.Frames = 3
		}
		all["clear "+string(f)] = p
	}
	all["png 1080×1920"] = card(media.PNG, 1080, 1920)
	moving := card(media.GIF, 400, 300)
	moving.Frames = 12
	all["gif 400×300"] = moving
	film := card(media.MP4, 400, 300)
	film.Shown, film.Rate = 75, 25
	all["mp4 400×300"] = film
	all["pdf a4"] = card(media.PDF, 595, 842)
	pages := card(media.PDF, 842, 595)
	pages.Pages = []media.Page{{Title: "One", Lines: variables}, {Title: "Two", Lines: foreign}, {Title: "Three", Lines: page}}
	all["pdf pages"] = pages
	return all
}

func encode(t testing.TB, p media.Picture) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Encode(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// decode reads the first frame of an image by the decoders of the standard library and of golang.org/x/image.
func decode(t testing.TB, f media.Format, data []byte) *image.NRGBA {
	t.Helper()
	var m image.Image
	var err error
	switch f {
	case media.PNG:
		m, err = png.Decode(bytes.NewReader(data))
	case media.JPEG:
		m, err = jpeg.Decode(bytes.NewReader(data))
	case media.WebP:
		m, err = webp.Decode(bytes.NewReader(data))
	case media.GIF:
		m, err = gif.Decode(bytes.NewReader(data))
	default:
		t.Fatalf("no image: %s", f)
	}
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	straight := image.NewNRGBA(m.Bounds())
	draw.Draw(straight, m.Bounds(), m, m.Bounds().Min, draw.Src)
	return straight
}

// tool runs a program on a file of data and returns what it says. Without the program the test is skipped, but fails in CI.
func tool(t *testing.T, pkg string, data []byte, extension string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(args[0])
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: install %s", err, pkg)
		}
		t.Skipf("%v: install %s to have this checked", err, pkg)
	}
	file := t.TempDir() + "/picture" + extension
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "FILE", file)
	}
	out, err := exec.CommandContext(t.Context(), program, args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", args, err, out)
	}
	return string(out)
}
