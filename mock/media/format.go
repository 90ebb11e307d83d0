package media

import (
	"fmt"
	"strings"
)

// A Format is a kind of file.
type Format string

// The formats.
const (
	PNG  Format = "png"
	JPEG Format = "jpeg"
	WebP Format = "webp"
	GIF  Format = "gif"
	PDF  Format = "pdf"
	MP4  Format = "mp4"
)

// Formats returns all formats.
func Formats() []Format { return []Format{PNG, JPEG, WebP, GIF, PDF, MP4} }

// An UnknownFormatError is a name that is no format's.
type UnknownFormatError struct{ Name string }

func (e *UnknownFormatError) Error() string {
	return fmt.Sprintf("%q is not one of png, jpg, jpeg, webp, gif, pdf and mp4", e.Name)
}

// ParseFormat returns the format of that name or file extension, in any case and
// with or without its dot. Any other name is an [UnknownFormatError].
func ParseFormat(name string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimPrefix(name, "."))); f {
	case PNG, JPEG, WebP, GIF, PDF, MP4:
		return f, nil
	case "jpg":
		return JPEG, nil
	}
	return "", &UnknownFormatError{name}
}

// ContentType is what the format is called in HTTP.
func (f Format) ContentType() string {
	switch f {
	case PNG, JPEG, WebP, GIF:
		return "image/" + string(f)
	case PDF:
		return "application/pdf"
	case MP4:
		return "video/mp4"
	}
	return "application/octet-stream"
}

// Extension is how the names of such files end, with a dot.
func (f Format) Extension() string {
	if f == JPEG {
		return ".jpg"
	}
	return "." + string(f)
}

// Bounds returns the smallest and the largest width and height, in pixels, or points of a PDF.
func (f Format) Bounds() (low, high int) {
	switch f {
	case GIF:
		return 1, MaxGIFSize
	case PDF:
		return MinPDFSize, MaxPDFSize
	}
	return 1, MaxSize
}
