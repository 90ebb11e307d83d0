package ui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"pictap/tunnel/store"
	"pictap/ui/picture"
)

// MaxMedia is how many bytes of a picture are taken.
const MaxMedia = 32 << 20

// maxPixels bounds what a browser may be asked to decode: a quarter of a GiB.
const maxPixels = 64_000_000

// A MediaError is why a picture could not be had, in words for the page.
type MediaError struct {
	Refused bool // nobody was asked for it: the address is not one that is fetched
	Words   string
}

func (e *MediaError) Error() string { return e.Words }

// media answers with the facts of a picture: ?field=data.url. It fetches it anew.
func (h *Handler) media(w http.ResponseWriter, r *http.Request) error {
	place, err := h.pictureOf(r)
	if err != nil {
		return err
	}
	b, err := h.shelf.fetch(r.Context(), h.opts, place.URL)
	if err != nil {
		return mediaTrouble(err)
	}
	return writeJSON(w, http.StatusOK, mediaOf(place, b))
}

// mediaBytes answers with the bytes of a picture that may be shown, and the type that
// they are of. The page makes a blob of them; should a browser be led here, it may
// do nothing with them but draw.
func (h *Handler) mediaBytes(w http.ResponseWriter, r *http.Request) error {
	place, err := h.pictureOf(r)
	if err != nil {
		return err
	}
	b, kept := h.shelf.get(place.URL, h.opts.Now())
	if !kept {
		if b, err = h.shelf.fetch(r.Context(), h.opts, place.URL); err != nil {
			return mediaTrouble(err)
		}
	}
	facts := picture.Read(b)
	if why := hidden(facts); why != "" {
		return httpError{code: http.StatusUnprocessableEntity, public: why}
	}
	header := w.Header()
	header.Set("Content-Type", facts.Type.ContentType())
	header.Set("Content-Security-Policy", bodyPolicy)
	header.Set("Content-Length", strconv.Itoa(len(b)))
	return write(w, b)
}

// pictureOf finds the picture that a request names: only what the payload says is
// ever asked for.
func (h *Handler) pictureOf(r *http.Request) (picturePlace, error) {
	if h.opts.Media == nil {
		return picturePlace{}, httpError{code: http.StatusNotFound, public: "pictures are not fetched here"}
	}
	d, err := h.find(r)
	if err != nil {
		return picturePlace{}, err
	}
	for _, place := range picturesIn(d.Body) {
		if place.Field == r.FormValue("field") {
			return place, nil
		}
	}
	return picturePlace{}, httpError{code: http.StatusNotFound, public: "the payload names no picture there"}
}

// picturesOf are those that the page may ask for.
func (h *Handler) picturesOf(d store.Delivery) []picturePlace {
	if h.opts.Media == nil {
		return nil
	}
	return picturesIn(d.Body)
}

func mediaTrouble(err error) error {
	var told *MediaError
	switch {
	case !errors.As(err, &told):
		return httpError{code: http.StatusFailedDependency, public: "the picture could not be fetched", err: err}
	case told.Refused:
		return httpError{code: http.StatusForbidden, public: told.Words}
	}
	return httpError{code: http.StatusFailedDependency, public: told.Words}
}

// hidden says why a picture is not shown; "" when it is.
func hidden(f picture.Facts) string {
	switch {
	case !f.Type.IsImage() && f.Type != picture.PDF:
		return "this is no picture that may be shown"
	case f.Pixels > maxPixels:
		return "it has more pixels than a browser should be asked to decode"
	case f.Type.IsImage() && f.Pixels == 0:
		return "its size is not known, so it is not given to the browser"
	}
	return ""
}

// A mediaShelf fetches pictures one at a time, and keeps the latest for a moment: the
// page asks for the facts and then for the bytes. The zero mediaShelf is not ready.
type mediaShelf struct {
	turn chan struct{} // holds an element while one is fetched

	mu    sync.Mutex // guards all below
	url   string
	bytes []byte
	until time.Time
	clear *time.Timer // lets go of the bytes
}

const mediaKept = time.Minute

func newMediaShelf() *mediaShelf { return &mediaShelf{turn: make(chan struct{}, 1)} }

// get returns what was fetched from an address a moment ago.
func (s *mediaShelf) get(url string, now time.Time) (b []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if url != s.url || now.After(s.until) {
		return nil, false
	}
	return s.bytes, true
}

// fetch waits for its turn and asks for a picture.
func (s *mediaShelf) fetch(ctx context.Context, o Options, url string) ([]byte, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.turn }()
	b, err := o.Media(ctx, url)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url, s.bytes, s.until = url, b, o.Now().Add(mediaKept)
	if s.clear != nil {
		s.clear.Stop()
	}
	s.clear = time.AfterFunc(mediaKept, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.url, s.bytes = "", nil // it may be 32 MiB
	})
	return b, nil
}
