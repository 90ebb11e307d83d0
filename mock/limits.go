package mock

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
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

// A Latency is how long an answer is held back: from Min to Max, by chance.
type Latency struct{ Min, Max time.Duration }

const maxLatency = time.Hour

// ParseLatency reads "200ms", "50-200ms" or "0-5s".
func ParseLatency(text string) (Latency, error) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	low, err1 := time.ParseDuration(from) // "0" is one
	high, err2 := time.ParseDuration(to)
	if err1 != nil && err2 == nil {
		low, err1 = time.ParseDuration(from + strings.TrimLeft(to, "0123456789.")) // 1-5s
	}
	if err1 != nil || err2 != nil || low < 0 || high < low || high > maxLatency {
		return Latency{}, errors.New("it is no duration of at most an hour, nor a range such as 0-5s")
	}
	return Latency{low, high}, nil
}

// A Rate is so many requests in a time. The zero Rate is no limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// ParseRate reads "60/m", "5/s", "1000/h" or "10000/d".
func ParseRate(text string) (Rate, error) {
	number, unit, _ := strings.Cut(text, "/")
	count, err := strconv.Atoi(number)
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[unit]
	if err != nil || count < 1 || count > 1_000_000 || per == 0 {
		return Rate{}, errors.New("it is no limit of 1 to 1000000 requests such as 60/m; there are s, m, h and d")
	}
	return Rate{count, per}, nil
}
