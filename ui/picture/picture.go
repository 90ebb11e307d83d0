// Package picture says what the bytes of a picture are: of which type, how large,
// how many frames or pages. It believes nothing but the bytes, reads only what
// stands before and between the pixels, and decodes none: whoever shows a picture
// knows from it what a decoder would have to do.
//
// Its bounds are those of its input: no field of a file decides how much memory or
// time is spent.
package picture

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image/jpeg"
	"net/http"
	"strings"
)

// A Type is a kind of file.
type Type string

// The types that Pictify makes.
const (
	PNG  Type = "png"
	JPEG Type = "jpeg"
	GIF  Type = "gif"
	WebP Type = "webp"
	PDF  Type = "pdf"
)

// Types of what is no picture that may be shown; "" is the type of all others.
const (
	SVG   Type = "svg" // a program, in a browser
	HTML  Type = "html"
	XML   Type = "xml"
	JSON  Type = "json"
	Text  Type = "text"
	AVIF  Type = "avif"
	Empty Type = "empty"
)

// IsImage reports whether a browser shows it as an image.
func (t Type) IsImage() bool { return t == PNG || t == JPEG || t == GIF || t == WebP }

// ContentType is what the type is called in HTTP, for those that Pictify makes.
func (t Type) ContentType() string {
	switch {
	case t.IsImage():
		return "image/" + string(t)
	case t == PDF:
		return "application/pdf"
	}
	return "application/octet-stream"
}

// Facts are what is known of a picture. What could not be found out is zero.
type Facts struct {
	Type          Type
	Width, Height int    // pixels; of a PDF points, of its first page
	Frames        int    // 1 when it stands still; 0 for a PDF
	Pages         int    // of a PDF
	Pixels        int64  // that a decoder may have to hold at once, which the size need not tell
	Damage        string // what is wrong with the file; "" when nothing was noticed
}

// Read says what b is.
func Read(b []byte) Facts {
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return readPNG(b)
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return readJPEG(b)
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return readGIF(b)
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return readWebP(b)
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return readPDF(b)
	}
	return Facts{Type: otherType(b)}
}

// otherType names what is no picture of ours.
func otherType(b []byte) Type {
	if len(b) == 0 {
		return Empty
	}
	if len(b) >= 12 && string(b[4:8]) == "ftyp" && (string(b[8:12]) == "avif" || string(b[8:12]) == "avis") {
		return AVIF
	}
	start := bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 4096)], " \t\r\n\ufeff"))
	kind, _, _ := strings.Cut(http.DetectContentType(b), ";")
	switch {
	case bytes.HasPrefix(start, []byte("<svg")), bytes.HasPrefix(start, []byte("<?xml")) && bytes.Contains(start, []byte("<svg")):
		return SVG
	case kind == "text/html":
		return HTML
	case kind == "text/xml":
		return XML
	case len(b) <= 1<<20 && json.Valid(b):
		return JSON
	case kind == "text/plain":
		return Text
	}
	return ""
}

const endsEarly = "it ends too early"

func readPNG(b []byte) Facts {
	f := Facts{Type: PNG, Frames: 1}
	if len(b) < 26 || string(b[12:16]) != "IHDR" {
		f.Damage = "it does not say its size"
		return f
	}
	f.size(int64(binary.BigEndian.Uint32(b[16:])), int64(binary.BigEndian.Uint32(b[20:])))
	for rest := b[8:]; ; {
		if len(rest) < 12 {
			f.Damage = endsEarly
			return f
		}
		n := int64(binary.BigEndian.Uint32(rest))
		switch name := string(rest[4:8]); {
		case name == "acTL" && n >= 8 && len(rest) >= 16: // an animated one
			f.Frames = int(min(binary.BigEndian.Uint32(rest[8:]), maxCount))
		case name == "IEND":
			return f
		}
		if int64(len(rest)) < 12+n {
			f.Damage = endsEarly
			return f
		}
		rest = rest[12+n:]
	}
}

// maxCount bounds frames and pages that a file only claims to have.
const maxCount = 100_000

func readJPEG(b []byte) Facts {
	f := Facts{Type: JPEG, Frames: 1}
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		f.Damage = "its head cannot be read"
		return f
	}
	f.size(int64(c.Width), int64(c.Height))
	if !bytes.Contains(b[max(0, len(b)-64<<10):], []byte("\xff\xd9")) { // some add a little behind it
		f.Damage = endsEarly
	}
	return f
}

// size notes a width and a height.
func (f *Facts) size(width, height int64) {
	if width <= 0 || height <= 0 || width > 1<<31 || height > 1<<31 {
		f.Damage = "its size makes no sense"
		return
	}
	f.Width, f.Height = int(width), int(height)
	f.hold(width, height)
}

// hold notes what a decoder has to hold.
func (f *Facts) hold(width, height int64) { f.Pixels = max(f.Pixels, width*height) }
