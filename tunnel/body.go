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

// firstRead is what a body gets before its first byte has arrived, whatever
// length it announces: memory is taken as bytes come, so that nobody reserves
// it with a promise.
const firstRead = 16 << 10

// readBody reads the request's body, at most limit bytes. What it takes from
// the budget is returned as taken, also with an error; the caller gives it back.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, b *budget) (body []byte, taken int64, err error) {
	if r.ContentLength > limit {
		return nil, 0, errTooLarge
	}
	src := http.MaxBytesReader(w, r.Body, limit)
	size := int64(firstRead)
	if r.ContentLength >= 0 {
		size = min(size, r.ContentLength+1) // one more, to meet the end without growing
	}
	for {
		if !b.take(size - taken) {
			return nil, taken, errBusy
		}
		taken = size
		body = append(make([]byte, 0, size), body...)
		for len(body) < cap(body) {
			n, err := src.Read(body[len(body):cap(body)])
			body = body[:len(body)+n]
			var tooLarge *http.MaxBytesError
			switch {
			case err == io.EOF:
				return body, taken, nil
			case errors.As(err, &tooLarge):
				return nil, taken, errTooLarge
			case err != nil:
				return nil, taken, err
			}
		}
		size *= 2
		if r.ContentLength >= 0 {
			size = min(size, r.ContentLength+1)
		}
	}
}

func sortedKeys(h http.Header) []string { return slices.Sorted(maps.Keys(h)) }
