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

// mark counts a request and writes the headers of its answer.
func (l *rateHeaders) mark(h http.Header, now time.Time, free bool) {
	if h.Get("X-RateLimit-Limit") != "" {
		return // there is a limit, and it has said so
	}
	limit := proRate
	if free {
		limit = freeRate
	}
	minute := now.Unix() / 60
	l.mu.Lock()
	if l.minute != minute {
		l.minute, l.used = minute, 0
	}
	l.used++
	used := l.used
	l.mu.Unlock()
	h["X-Ratelimit-Limit"] = []string{strconv.Itoa(limit)}
	h["X-Ratelimit-Remaining"] = []string{strconv.Itoa(max(0, limit-used))}
	h["X-Ratelimit-Reset"] = []string{strconv.FormatInt((minute+1)*60, 10)}
}
