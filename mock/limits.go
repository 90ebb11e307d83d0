package mock

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// rateHeaders counts requests for the headers that tell a client how many it has
// left this minute. It counts only: whoever has none left is served all the same.
type rateHeaders struct {
	mu     sync.Mutex // guards what follows
	minute int64      // that is counted, since 1970
	used   int
}

// Requests a minute, by plan.
const (
	freeRate = 60
	proRate  = 300
)

// mark counts a request and writes the headers of its answer. Where there is a limit
// that is kept to, see [Faults], its headers are the ones that count.
func (l *rateHeaders) mark(h http.Header, now time.Time, limit int) {
	minute := now.Unix() / 60
	l.mu.Lock()
	if l.minute != minute {
		l.minute, l.used = minute, 0
	}
	l.used++
	used := l.used
	l.mu.Unlock()
	setRate(h, limit, max(0, limit-used), time.Unix((minute+1)*60, 0))
}

// rate is how many requests a minute the plan has.
func (s *Server) rate() int {
	if s.NoWebhooks {
		return freeRate
	}
	return proRate
}

// setRate writes the headers of a limit, spelled as they are documented, which
// [http.Header.Set] would not leave alone. What it writes, Get does not find. The
// end is rounded up to a second, so that what it promises holds.
//
// Source: Pictify docs, api-reference/errors.mdx, rate-limit-exceeded (2026-01-29).
func setRate(h http.Header, limit, left int, end time.Time) {
	h["X-RateLimit-Limit"] = []string{strconv.Itoa(limit)}
	h["X-RateLimit-Remaining"] = []string{strconv.Itoa(left)}
	h["X-RateLimit-Reset"] = []string{strconv.FormatInt(end.Add(time.Second-1).Unix(), 10)}
}
