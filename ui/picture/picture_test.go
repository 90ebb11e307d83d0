package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/webp"

	"pictap/mock/media"
	"pictap/ui/picture"
)

// encoded is a picture of that size as the standard library writes it.
func encoded(t testing.TB, kind picture.Type, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	var err error
	switch kind {
	case picture.PNG:
		err = png.Encode(&b, img)
	case picture.JPEG:
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// animated is a GIF of so many frames.
func animated(t testing.TB, width, height, frames int) []byte {
	t.Helper()
	g := gif.GIF{}
	for range frames {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.White, color.Black}))
		g.Delay = append(g.Delay, 10)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawn is a picture as the mock makes it.
func drawn(t testing.TB, f media.Format, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (media.Picture{Width: width, Height: height, Title: "x", Seed: 1, Format: f}).Encode(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chunk is a chunk of a PNG, whose checksum nobody here looks at.
func chunk(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	return append(append(append(b, name...), data...), 0, 0, 0, 0)
}

// riff is a WebP file of chunks.
func riff(chunks ...string) []byte {
	body := "WEBP" + strings.Join(chunks, "")
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func webpChunk(name, data string) string {
	text := string(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))) + data
	return text + strings.Repeat("\x00", len(data)&1)
}

const pdfHead, pdfTail = "%PDF-1.7\n", "\ntrailer << /Root 1 0 R >>\n%%EOF\n"

// packed is a stream of objects as newer PDFs have it.
func packed(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return fmt.Sprintf("5 0 obj\n<< /Type /ObjStm /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n", b.Len(), b.String())
}

func TestRead(t *testing.T) {
	animatedWebP := riff(
		webpChunk("VP8X", "\x02\x00\x00\x00\x3f\x00\x00\x1f\x00\x00"), webpChunk("ANIM", "\x00\x00\x00\x00\x00\x00"),
		webpChunk("ANMF", strings.Repeat("\x00", 6)+"\x3f\x00\x00\x1f\x00\x00\x00\x00\x00\x00"), webpChunk("ANMF", strings.Repeat("\x00", 6)+"\x0f\x00\x00\x0f\x00\x00\x00\x00\x00\x00"))
	apng := bytes.Join([][]byte{encoded(t, picture.PNG, 3, 2)[:33], chunk("acTL", []byte{0, 0, 0, 7, 0, 0, 0, 0}), chunk("IDAT", nil), chunk("IEND", nil)}, nil)
	for name, tt := range map[string]struct {
		bytes []byte
		want  picture.Facts
	}{
		"png":           {encoded(t, picture.PNG, 1200, 630), picture.Facts{Type: "png", Width: 1200, Height: 630, Frames: 1, Pixels: 756000}},
		"png, animated": {apng, picture.Facts{Type: "png", Width: 3, Height: 2, Frames: 7, Pixels: 6}},
		"png, cut":      {encoded(t, picture.PNG, 12, 6)[:50], picture.Facts{Type: "png", Width: 12, Height: 6, Frames: 1, Pixels: 72, Damage: "it ends too early"}},
		"png of no size": {append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", make([]byte, 13))...),
			picture.Facts{Type: "png", Frames: 1, Damage: "it ends too early"}},
		"png without a head": {[]byte("\x89PNG\r\n\x1a\n<svg onload=alert(1)>"), picture.Facts{Type: "png", Frames: 1, Damage: "it does not say its size"}},
		"png, a bomb": {append([]byte("\x89PNG\r\n\x1a\n"), append(chunk("IHDR", []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 8, 6, 0, 0, 0}), chunk("IEND", nil)...)...),
			picture.Facts{Type: "png", Width: 65535, Height: 65535, Frames: 1, Pixels: 65535 * 65535}},
		"jpeg":            {encoded(t, picture.JPEG, 40, 30), picture.Facts{Type: "jpeg", Width: 40, Height: 30, Frames: 1, Pixels: 1200}},
		"jpeg, cut":       {encoded(t, picture.JPEG, 40, 30)[:600], picture.Facts{Type: "jpeg", Width: 40, Height: 30, Frames: 1, Pixels: 1200, Damage: "it ends too early"}},
		"jpeg, nonsense":  {[]byte("\xff\xd8\xff\xff"), picture.Facts{Type: "jpeg", Frames: 1, Damage: "its head cannot be read"}},
		"gif":             {animated(t, 60, 40, 1), picture.Facts{Type: "gif", Width: 60, Height: 40, Frames: 1, Pixels: 2400}},
		"gif, animated":   {animated(t, 60, 40, 25), picture.Facts{Type: "gif", Width: 60, Height: 40, Frames: 25, Pixels: 2400}},
		"gif of the mock": {drawn(t, media.GIF, 64, 48), picture.Facts{Type: "gif", Width: 64, Height: 48, Frames: framesOf(t, drawn(t, media.GIF, 64, 48)), Pixels: 3072}},
		"gif, cut":        {animated(t, 60, 40, 3)[:60], picture.Facts{Type: "gif", Width: 60, Height: 40, Frames: 1, Pixels: 2400, Damage: "it ends too early"}},
		"gif with a frame that sticks out": {[]byte("GIF89a\x02\x00\x02\x00\x00\x00\x00\x2c\x10\x27\x10\x27\x10\x27\x10\x27\x00\x02\x01\x00\x00\x3b"),
			picture.Facts{Type: "gif", Width: 2, Height: 2, Frames: 1, Pixels: 400_000_000}},
		"gif, nonsense":    {[]byte("GIF89a\x02\x00\x02\x00\x00\x00\x00<script>"), picture.Facts{Type: "gif", Width: 2, Height: 2, Pixels: 4, Damage: "it has a block of a kind that does not exist"}},
		"webp of the mock": {drawn(t, media.WebP, 300, 200), picture.Facts{Type: "webp", Width: 300, Height: 200, Frames: 1, Pixels: 60000}},
		"webp, lossy":      {riff(webpChunk("VP8 ", "\x00\x00\x00\x9d\x01\x2a\x40\x01\xf0\x40\x00\x00")), picture.Facts{Type: "webp", Width: 320, Height: 240, Frames: 1, Pixels: 76800}},
		"webp, animated":   {animatedWebP, picture.Facts{Type: "webp", Width: 64, Height: 32, Frames: 2, Pixels: 2048}},
		"webp whose picture is larger than it says": {riff(webpChunk("VP8X", "\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00"), webpChunk("VP8L", "\x2f\xff\xff\xff\x0f")),
			picture.Facts{Type: "webp", Width: 2, Height: 2, Frames: 1, Pixels: 16384 * 16384}},
		"webp, empty":     {riff(), picture.Facts{Type: "webp", Damage: "it does not say its size"}},
		"webp, cut":       {animatedWebP[:40], picture.Facts{Type: "webp", Width: 64, Height: 32, Pixels: 2048, Damage: "it ends too early"}},
		"pdf of the mock": {drawn(t, media.PDF, 595, 842), picture.Facts{Type: "pdf", Width: 595, Height: 842, Pages: 1}},
		"pdf": {[]byte(pdfHead + "1 0 obj <</Type/Pages/Kids[2 0 R 3 0 R]/Count 2/MediaBox [0 0 612.4 792]>> endobj 2 0 obj <</Type/Page/Parent 1 0 R>> endobj" + pdfTail),
			picture.Facts{Type: "pdf", Width: 612, Height: 792, Pages: 2}},
		"pdf without a count": {[]byte(pdfHead + "2 0 obj <</Type /Page>> endobj 3 0 obj <</Type/Page/MediaBox[10 20 110 220]>> endobj 4 0 obj <</Type/Outlines/Count 99>> endobj" + pdfTail),
			picture.Facts{Type: "pdf", Width: 100, Height: 200, Pages: 2}},
		"pdf, packed": {[]byte(pdfHead + packed(t, "1 0 2 60 << /Type /Pages /Kids [2 0 R] /Count 3 >> << /Type /Page /MediaBox [ 0 0 300 400 ] >>") + pdfTail),
			picture.Facts{Type: "pdf", Width: 300, Height: 400, Pages: 3}},
		"pdf whose stream says what it likes": {[]byte(pdfHead + "1 0 obj <</Length 1>> stream\n<</Type/Pages/Count 7/MediaBox[0 0 1 1]>>\nendstream endobj" + pdfTail), picture.Facts{Type: "pdf"}},
		"pdf, cut":                            {[]byte(pdfHead + "1 0 obj <</Length 1>> stream\n<</Type/Pages/Count 7"), picture.Facts{Type: "pdf", Damage: "it ends too early"}},
		"pdf, a page that is none":            {[]byte(pdfHead + "2 0 obj <</Type/Page/MediaBox[0 0 1e300 +.]>> endobj" + pdfTail), picture.Facts{Type: "pdf", Pages: 1}},
		"svg":                                 {[]byte(" <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), picture.Facts{Type: "svg"}},
		"svg, declared":                       {[]byte("<?xml version='1.0'?>\n<!-- x -->\n<SVG/>"), picture.Facts{Type: "svg"}},
		"html":                                {[]byte("<!doctype html><script>alert(1)</script>"), picture.Facts{Type: "html"}},
		"json":                                {[]byte(`{"error":"not found"}`), picture.Facts{Type: "json"}},
		"text":                                {[]byte("not found"), picture.Facts{Type: "text"}},
		"avif":                                {[]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00"), picture.Facts{Type: "avif"}},
		"zip":                                 {[]byte("PK\x03\x04\x14\x00\x00\x00"), picture.Facts{}},
		"nothing":                             {nil, picture.Facts{Type: "empty"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, picture.Read(tt.bytes)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// framesOf counts with another reader.
func framesOf(t testing.TB, b []byte) int {
	t.Helper()
	g, err := gif.DecodeAll(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return len(g.Image)
}

// Whatever the mock draws is read as another reader reads it.
func TestReadAgreesWithDecoders(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {17, 3}, {640, 360}} {
		for _, f := range []media.Format{media.PNG, media.JPEG, media.WebP, media.GIF} {
			b := drawn(t, f, size[0], size[1])
			decode := image.DecodeConfig
			if f == media.WebP {
				decode = func(r io.Reader) (image.Config, string, error) {
					c, err := webp.DecodeConfig(r)
					return c, "webp", err
				}
			}
			want, kind, err := decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			got := picture.Read(b)
			if string(got.Type) != kind || got.Width != want.Width || got.Height != want.Height || got.Damage != "" {
				t.Errorf("%s of %v: %+v, want %s %d×%d", f, size, got, kind, want.Width, want.Height)
			}
		}
	}
}

// What a stream of objects unpacks to is bounded.
func TestPackedBomb(t *testing.T) {
	bomb := packed(t, strings.Repeat("<</Type/Page>>", 8<<20/14))
	f := picture.Read([]byte(pdfHead + strings.Repeat(bomb, 20) + pdfTail))
	if f.Pages != 100_000 {
		t.Errorf("%d pages", f.Pages)
	}
}

// Whatever the bytes, reading them ends, and what comes out is in its bounds.
func FuzzRead(f *testing.F) {
	for _, kind := range []picture.Type{picture.PNG, picture.JPEG} {
		f.Add(encoded(f, kind, 3, 2))
	}
	for _, format := range []media.Format{media.WebP, media.PDF, media.GIF} {
		f.Add(drawn(f, format, 100, 100))
	}
	f.Add(riff(webpChunk("VP8X", "\x02\x00\x00\x00\x3f\x00\x00\x1f\x00\x00"), webpChunk("ANMF", strings.Repeat("\x01", 16))))
	f.Add([]byte(pdfHead + packed(f, "<< /Type /Pages /Count 3 >> << /Type /Page /MediaBox [ 0 0 300 400 ] >>") + pdfTail))
	f.Add([]byte("GIF89a\x02\x00\x02\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x21\xf9\x04\x00\x00\x00\x00\x00\x2c"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := picture.Read(b)
		if got.Width < 0 || got.Height < 0 || got.Pixels < 0 || got.Frames < 0 || got.Frames > max(100_000, len(b)) || got.Pages < 0 || got.Pages > 100_000 {
			t.Errorf("%+v", got)
		}
		if (got.Width == 0) != (got.Height == 0) {
			t.Errorf("half a size: %+v", got)
		}
		if got.Type.IsImage() && got.Pixels < int64(got.Width)*int64(got.Height) {
			t.Errorf("it holds less than its size: %+v", got)
		}
	})
}
