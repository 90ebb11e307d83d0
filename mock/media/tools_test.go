package media_test

import (
	"regexp"
	"strings"
	"testing"

	"pictap/mock/media"
)

// Others than Go's decoders must see the same.
func TestOtherToolsAgree(t *testing.T) {
	moving := card(media.GIF, 320, 200)
	moving.Frames = 7
	clear := card(media.WebP, 333, 222)
	clear.Background = "transparent"
	paged := card(media.PDF, 595, 842)
	paged.Pages = []media.Page{{Title: "One", Lines: variables}, {Title: "Δύο", Lines: foreign}}
	for _, c := range []struct {
		pkg     string
		picture media.Picture
		args    []string
		want    string // a pattern
	}{
		{"file", card(media.PNG, 1200, 630), []string{"file", "-b", "FILE"}, `^PNG image data, 1200 x 630, 8-bit/color RGB, non-interlaced`},
		{"file", card(media.JPEG, 1200, 630), []string{"file", "-b", "FILE"}, `^JPEG image data, baseline.* 1200x630`},
		{"file", card(media.WebP, 1200, 630), []string{"file", "-b", "FILE"}, `^RIFF .* Web/P image`},
		{"file", moving, []string{"file", "-b", "FILE"}, `^GIF image data, version 89a, 320 x 200`},
		{"file", paged, []string{"file", "-b", "FILE"}, `^PDF document, version 1\.[4-7]`},
		{"webp", card(media.WebP, 1200, 630), []string{"webpinfo", "FILE"}, `(?s)Width: 1200\n  Height: 630\n  Alpha: 0.*No error detected`},
		{"webp", clear, []string{"webpinfo", "FILE"}, `(?s)Width: 333\n  Height: 222\n  Alpha: 1.*No error detected`},
		{"webp", card(media.WebP, 4096, 3), []string{"dwebp", "FILE", "-o", "FILE.out"}, `Dimensions: 4096 x 3 `},
		{"poppler-utils", paged, []string{"pdfinfo", "FILE"}, `(?s)Title: +Welcome Card\n.*Pages: +2\n.*Page size: +595 x 842 pts \(A4\)`},
		{"poppler-utils", card(media.PDF, 842, 595), []string{"pdfinfo", "FILE"}, `Page size: +842 x 595 pts`},
		{"poppler-utils", paged, []string{"pdftotext", "FILE", "-"}, `(?s)One.*name.*Ada Lovelace.*Δύο.*Party`},
		{"poppler-utils", paged, []string{"pdffonts", "FILE"}, `(?s)CID TrueType +Identity-H +yes .*yes`},
		{"imagemagick", card(media.PNG, 77, 555), []string{"identify", "-format", "%m %w %h;", "FILE"}, `^PNG 77 555;$`},
		{"imagemagick", card(media.JPEG, 77, 555), []string{"identify", "-format", "%m %w %h;", "FILE"}, `^JPEG 77 555;$`},
		{"imagemagick", card(media.WebP, 77, 555), []string{"identify", "-format", "%m %w %h;", "FILE"}, `^WEBP 77 555;$`},
		{"imagemagick", moving, []string{"identify", "-format", "%m %W %H %T;", "FILE"}, `^(GIF 320 200 8;){7}$`},
	} {
		t.Run(c.args[0]+"/"+string(c.picture.Format), func(t *testing.T) {
			said := tool(t, c.pkg, encode(t, c.picture), c.picture.Format.Extension(), append([]string{}, c.args...)...)
			if !regexp.MustCompile(c.want).MatchString(said) {
				t.Errorf("%s says\n%s\nwant %s", strings.Join(c.args, " "), said, c.want)
			}
		})
	}
}
