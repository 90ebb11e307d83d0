package mock

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SampleMedia is the media base of made-up events whose pictures a mock is to draw:
// below the mock's own URL, and with a place for the size (see fixtures.New). Nothing
// has to be told to the mock: the path alone says what to draw, so such an event's
// pictures are there before and after a restart, the same each time.
const SampleMedia = "/media/samples/{size}"

// sampleMedia serves the picture of a made-up event. All that is known of it is in the
// path: its size, its id and its format.
func (s *Server) sampleMedia(c call) (int, any, error) {
	escaped := c.URL.EscapedPath()
	file, err := url.PathUnescape(escaped[strings.LastIndexByte(escaped, '/')+1:])
	if err != nil {
		return 0, nil, notFound("not-found", "Not found")
	}
	uid, extension, ok := splitFile(file, templateFormats...)
	width, height, sized := readSize(c.uid)
	if !ok || !sized {
		return 0, nil, notFound("not-found", "Not found")
	}
	var o order
	o.setFormat(extension)
	if low, high := o.Picture.Format.Bounds(); min(width, height) < low || max(width, height) > high {
		return 0, nil, notFound("not-found", "Not found")
	}
	o.Picture.Width, o.Picture.Height, o.Picture.Seed = width, height, seedOf(uid)
	o.Picture.Title, o.Picture.ID = "Made-up event", uid
	o.Picture.Lines = linesOf([]string{c.uid + " " + extension})
	return http.StatusOK, s.serve(o.Picture, time.Time{}, "public, max-age=60"), nil
}

// readSize reads "1200x630" as it is written by nobody else: without signs or zeros
// before it, so that a picture has one URL.
func readSize(text string) (width, height int, ok bool) {
	before, after, found := strings.Cut(text, "x")
	width, err := strconv.Atoi(before)
	height, err2 := strconv.Atoi(after)
	return width, height, found && err == nil && err2 == nil && width > 0 && height > 0 && text == strconv.Itoa(width)+"x"+strconv.Itoa(height)
}
