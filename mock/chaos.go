package mock

import (
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Faults are what goes wrong with requests by chance, all from one seed: the same
// requests in the same order meet the same fate.
type Faults struct {
	Latency Latency
	Rules   []Fault // the first that hits counts
	Limit   Rate    // of requests with one key; pictures are not limited
	Seed    uint64
}

// chaos is what the faults have to remember.
type chaos struct {
	mu     sync.Mutex // guards all below
	dice   []*rand.Rand
	lags   *rand.Rand
	seen   map[int]map[string]time.Time // when a path was first asked for, by rule
	spent  map[[sha256.Size]byte]*window
	over   chan struct{} // closed when what hangs is to end
	ending bool
}

// Bounds of what is remembered.
const (
	maxSeen    = 10_000
	maxWindows = 1000
)

// lag decides how long an answer is held back.
func (c *chaos) lag(f *Faults) time.Duration {
	l := f.Latency
	if l.Max <= l.Min {
		return l.Min
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lags == nil {
		c.lags = rand.New(rand.NewPCG(f.Seed, 0x6c6167))
	}
	return l.Min + time.Duration(c.lags.Int64N(int64(l.Max-l.Min)+1))
}

// pick decides which fault a request has. Each rule has dice of its own, so that
// one does not change the fate that another deals.
func (c *chaos) pick(f *Faults, r *http.Request, now time.Time) (Fault, bool) {
	if len(f.Rules) == 0 {
		return Fault{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range f.Rules {
		rule := &f.Rules[i]
		if !rule.matches(r) {
			continue
		}
		for len(c.dice) <= i {
			c.dice = append(c.dice, rand.New(rand.NewPCG(f.Seed, uint64(len(c.dice))+1)))
		}
		if rule.Part < 1 && c.dice[i].Float64() >= rule.Part {
			continue
		}
		if rule.Kind == FaultGone && !c.isGone(i, rule, r.URL.Path, now) {
			continue
		}
		return *rule, true
	}
	return Fault{}, false
}

// isGone reports whether a path was first asked for long enough ago.
func (c *chaos) isGone(i int, rule *Fault, path string, now time.Time) bool {
	if c.seen == nil {
		c.seen = make(map[int]map[string]time.Time)
	}
	if c.seen[i] == nil || len(c.seen[i]) >= maxSeen {
		c.seen[i] = make(map[string]time.Time)
	}
	first, known := c.seen[i][path]
	if !known {
		first = now
		c.seen[i][path] = now
	}
	return now.Sub(first) >= rule.For
}

// A window counts the requests of one key.
type window struct {
	end  time.Time
	left int
}

// spend counts a request, and says what is left of the limit and until when. ok is
// false when nothing was left.
func (c *chaos) spend(limit Rate, key string, now time.Time) (left int, end time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := sha256.Sum256([]byte(key))
	w := c.spent[name]
	if w == nil || !now.Before(w.end) {
		if c.spent == nil || w == nil && len(c.spent) >= maxWindows {
			c.spent = make(map[[sha256.Size]byte]*window) // so many keys are nobody's doing who means it
		}
		w = &window{end: now.Add(limit.Per), left: limit.Count}
		c.spent[name] = w
	}
	if w.left == 0 {
		return 0, w.end, false
	}
	w.left--
	return w.left, w.end, true
}

// reset forgets what was: the dice fall as they did from the beginning.
func (c *chaos) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dice, c.lags, c.seen, c.spent = nil, nil, nil, nil
}

// ended is closed when what hangs is to end.
func (c *chaos) ended() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over == nil {
		c.over = make(chan struct{})
	}
	return c.over
}

// Release ends the requests that a fault has made wait or hang, and has later
// ones not wait. [Server.Close] does it too; who shuts an [http.Server] down does it before.
func (s *Server) Release() {
	over := s.chaos.ended()
	s.chaos.mu.Lock()
	defer s.chaos.mu.Unlock()
	if !s.chaos.ending {
		s.chaos.ending = true
		close(over)
	}
}

// disturb has a request carried out, or go wrong as the Server is told to: by
// Trouble, by the request's own header, by the limit, or by chance.
func (s *Server) disturb(w *witness, r *http.Request, carryOut func(http.ResponseWriter)) {
	if s.Trouble != nil {
		if trouble := s.Trouble(r); trouble != nil {
			w.fault("trouble")
			if trouble.Commit {
				carryOut(&keptAnswer{})
			}
			trouble.answer(w)
			return
		}
	}
	if lag := s.chaos.lag(&s.Faults); lag > 0 {
		w.fault("latency " + lag.Round(100*time.Microsecond).String())
		if !s.linger(r, lag) {
			panic(http.ErrAbortHandler)
		}
	}
	f, wanted, err := wantedFault(r)
	if err != nil {
		s.answer(w, r, 0, nil, err)
		return
	}
	if !wanted {
		if err := s.limit(w, r); err != nil {
			w.fault("rate limit")
			s.answer(w, r, 0, nil, err)
			return
		}
		f, wanted = s.chaos.pick(&s.Faults, r, s.now())
	}
	if !wanted {
		carryOut(w)
		return
	}
	w.fault(f.what())
	s.inflict(f, w, r, carryOut)
}

// wantedFault is the fault that the request asks for itself: "Prefer: code=429", as
// Prism understands it, or "X-Mock-Fault: hang". A preference that is not about
// that is none of ours (RFC 7240).
func wantedFault(r *http.Request) (Fault, bool, error) {
	if text := r.Header.Get("X-Mock-Fault"); text != "" {
		f, err := parseWhat(text)
		if err == nil && f.Part < 1 {
			err = errors.New("a request has no parts")
		}
		if err != nil {
			return f, false, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: "X-Mock-Fault: " + err.Error()}
		}
		return f, true, nil
	}
	for _, line := range r.Header.Values("Prefer") {
		for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
			name, value, _ := strings.Cut(word, "=")
			if !strings.EqualFold(name, "code") {
				continue
			}
			f, err := parseWhat(strings.Trim(value, `"`))
			if err != nil || f.Kind != FaultStatus {
				return f, false, refusal{status: http.StatusBadRequest, slug: "validation-error", title: "Validation error", detail: "Prefer: code takes a status from 400 to 599"}
			}
			return f, true, nil
		}
	}
	return Fault{}, false, nil
}

// limit counts a request against the limit of its key.
func (s *Server) limit(w http.ResponseWriter, r *http.Request) error {
	limit, key := s.Faults.Limit, r.Header.Get("Authorization")
	if limit.Count == 0 || key == "" || strings.HasPrefix(r.URL.Path, "/media/") {
		return nil
	}
	now := s.now()
	left, end, ok := s.chaos.spend(limit, key, now)
	setRate(w.Header(), limit.Count, left, end)
	if ok {
		return nil
	}
	return tooMany(int((end.Sub(now) + time.Second - 1) / time.Second))
}

// linger waits; false when the client has gone or the mock ends.
func (s *Server) linger(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.chaos.ended():
		return false
	case <-r.Context().Done():
		return false
	}
}
