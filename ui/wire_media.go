package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"pictap/tunnel/pictify"
	"pictap/ui/picture"
)

// mediaFacts are what is known of a picture, and how that fits what the payload says.
type mediaFacts struct {
	Field  string  `json:"field"`
	Type   string  `json:"type"` // "png" "jpeg" "gif" "webp" "pdf"; others are not shown, "" is unknown
	Bytes  int     `json:"bytes"`
	Width  int     `json:"width"` // pixels, of a PDF points; 0 is unknown
	Height int     `json:"height"`
	Frames int     `json:"frames"`
	Pages  int     `json:"pages"`
	Damage string  `json:"damage,omitempty"` // what is wrong with the file
	Hidden string  `json:"hidden,omitempty"` // why it is not shown
	Claims []claim `json:"claims"`
}

// A claim is something that the payload says of a picture.
type claim struct {
	What    string `json:"what"` // "size" "format" "type" "ending" "pages"
	Claimed string `json:"claimed"`
	Real    string `json:"real"` // "" when it could not be found out
	OK      bool   `json:"ok"`
}

func mediaOf(place picturePlace, b []byte) mediaFacts {
	f := picture.Read(b)
	return mediaFacts{
		Field: place.Field, Type: string(f.Type), Bytes: len(b), Width: f.Width, Height: f.Height, Frames: f.Frames, Pages: f.Pages,
		Damage: f.Damage, Hidden: hidden(f), Claims: claimsOf(place, f),
	}
}

// claimsOf compares a picture with what stands beside its address.
func claimsOf(place picturePlace, f picture.Facts) []claim {
	said := map[string]string{}
	for name, value := range pictify.Members(place.within) {
		if len(value) <= 64 {
			said[string(name)] = strings.Trim(string(value), `"`)
		}
	}
	list := []claim{}
	add := func(what, claimed, real string, ok bool) {
		if claimed != "" {
			list = append(list, claim{what, clip(claimed), real, ok})
		}
	}
	if width, height := whole(said["width"]), whole(said["height"]); width > 0 && height > 0 {
		real := ""
		if f.Width > 0 {
			real = fmt.Sprintf("%d×%d", f.Width, f.Height)
		}
		add("size", fmt.Sprintf("%d×%d", width, height), real, fits(f, width, height))
	}
	add("format", said["format"], string(f.Type), typeOf(said["format"]) == f.Type)
	kind := kindOf(f)
	add("type", said["type"], kind, kind != "" && said["type"] == kind)
	if ending := endingOf(place.URL); ending != "" {
		add("ending", "."+ending, string(f.Type), typeOf(ending) == f.Type)
	}
	if pages := whole(said["pageCount"]); pages > 0 && f.Type == picture.PDF {
		add("pages", strconv.Itoa(pages), strconv.Itoa(f.Pages), pages == f.Pages)
	}
	return list
}

// fits reports whether a picture has that size. What a PDF's is counted in is not
// documented: points, or CSS pixels of three quarters of one.
func fits(f picture.Facts, width, height int) bool {
	if f.Width == width && f.Height == height {
		return true
	}
	points := func(pixels int) int { return int(math.Round(float64(pixels) * 3 / 4)) }
	return f.Type == picture.PDF && f.Width == points(width) && f.Height == points(height)
}

// kindOf is a type in the words of an event: image, gif or pdf.
func kindOf(f picture.Facts) string {
	switch {
	case f.Type == picture.GIF || f.Type == picture.PDF:
		return string(f.Type)
	case f.Type.IsImage():
		return "image"
	}
	return ""
}

// typeOf reads a format or an ending.
func typeOf(name string) picture.Type {
	name = strings.ToLower(name)
	if name == "jpg" {
		return picture.JPEG
	}
	return picture.Type(name)
}

// whole reads a number of at most six digits, 0 for anything else.
func whole(text string) int {
	n, err := strconv.ParseUint(text, 10, 20)
	if err != nil {
		return 0
	}
	return int(n)
}
