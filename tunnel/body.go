package tunnel

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
)

var (
	errTooLarge = errors.New("body is too large")
	errBusy     = errors.New("too much is being received at once")
)

// A budget bounds the bytes that all requests together hold in memory.
type budget struct {
	limit int64
	used  atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// A body gets memory as its bytes come, whatever length it announces, so that
// nobody reserves memory with a promise. Who has sent trustedRead bytes gets the
// rest at once: growing step by step would cost twice as much.
const (
	firstRead   = 16 << 10
	trustedRead = 256 << 10
)

// readBody reads the request's body, at most limit bytes. What it takes from
// the budget is returned as taken, also with an error; the caller gives it back.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, b *budget) (body []byte, taken int64, err error) {
	if r.ContentLength > limit {
		return nil, 0, errTooLarge
	}
	src := http.MaxBytesReader(w, r.Body, limit)
	for size := int64(firstRead); ; size *= 2 {
		if r.ContentLength >= 0 && (size > r.ContentLength || size > trustedRead) {
			size = r.ContentLength + 1 // one more, to meet the end without growing
		}
		if !b.take(size - taken) {
			return nil, taken, errBusy
		}
		taken = size
		body = append(make([]byte, 0, size), body...)
		ended, err := fill(src, &body)
		if err != nil || ended {
			return body, taken, err
		}
	}
}

// fill reads into the free part of *body, and reports whether src has ended.
func fill(src io.Reader, body *[]byte) (ended bool, err error) {
	var tooLarge *http.MaxBytesError
	for len(*body) < cap(*body) {
		n, err := src.Read((*body)[len(*body):cap(*body)])
		*body = (*body)[:len(*body)+n]
		switch {
		case err == io.EOF:
			return true, nil
		case errors.As(err, &tooLarge):
			return false, errTooLarge
		case err != nil:
			return false, err
		}
	}
	return false, nil
}

func sortedKeys(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }
