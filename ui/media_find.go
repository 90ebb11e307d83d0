package ui

import (
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"pictap/tunnel/pictify"
)

// A picturePlace is where a payload names a picture.
type picturePlace struct {
	Field string `json:"field"` // as a search has it: "data.url", "data.results.0.url"
	URL   string `json:"url"`

	within []byte // the object that the field is in, which says what the picture is
}

// Bounds of the look for pictures. A payload of Pictify's has a few of them, and they
// are near its top.
const (
	maxPictures     = 60
	maxPictureDepth = 4
	maxPictureVisit = 5000 // values
)

// pictureNames are the members that hold the address of what was rendered, in lower case.
var pictureNames = map[string]bool{
	"url": true, "imageurl": true, "userstorageurl": true, "renderurl": true, "pdfurl": true, "gifurl": true,
	"thumbnailurl": true, "previewurl": true,
}

// notRendered are the members below which there is only what the user put in.
var notRendered = map[string]bool{"variables": true, "previousData": true, "newData": true}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

// picturesIn finds the pictures that a payload names. Of a member that is repeated the
// last counts, as everywhere.
func picturesIn(body []byte) []picturePlace {
	if len(body) > maxText || !json.Valid(body) {
		return nil
	}
	f := pictureFinder{left: maxPictureVisit}
	for name, value := range pictify.Members(body) {
		if string(name) == "data" {
			f.found = nil
			f.look("data", value, maxPictureDepth)
		}
	}
	return f.found
}

type pictureFinder struct {
	found []picturePlace
	left  int
}

func (f *pictureFinder) look(at string, value []byte, depth int) {
	if depth == 0 || len(value) == 0 {
		return
	}
	switch value[0] {
	case '{':
		last := map[string][]byte{}
		var order []string
		for name, member := range pictify.Members(value) {
			if f.left--; f.left < 0 {
				return
			}
			key := string(name)
			if !plainName.MatchString(key) || notRendered[key] {
				continue
			}
			if _, repeated := last[key]; !repeated {
				order = append(order, key)
			}
			last[key] = member
		}
		for _, key := range order {
			f.member(at+"."+key, key, last[key], value, depth)
		}
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(value, &list) != nil {
			return
		}
		for i, element := range list {
			if f.left--; f.left < 0 {
				return
			}
			f.member(at+"."+strconv.Itoa(i), "", element, nil, depth)
		}
	}
}

// member looks at one value, in an object or, with key "", in a list.
func (f *pictureFinder) member(at, key string, value, within []byte, depth int) {
	if len(value) == 0 || value[0] != '"' {
		f.look(at, value, depth-1)
		return
	}
	var text string
	if len(f.found) == maxPictures || json.Unmarshal(value, &text) != nil || !isPictureAddress(key, text) {
		return
	}
	f.found = append(f.found, picturePlace{Field: at, URL: text, within: within})
}

const maxAddress = 2048

// isPictureAddress tells by the member's name, or else by the ending of the address.
func isPictureAddress(key, text string) bool {
	if len(text) > maxAddress || !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		return false
	}
	if pictureNames[strings.ToLower(key)] {
		return true
	}
	return endingOf(text) != ""
}

// endingOf is the ending of an address's path when it is that of a picture: "png".
func endingOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	switch ending := strings.ToLower(strings.TrimPrefix(path.Ext(u.Path), ".")); ending {
	case "png", "jpg", "jpeg", "webp", "gif", "pdf":
		return ending
	}
	return ""
}
