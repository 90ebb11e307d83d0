package mock

import (
	"time"

	"pictap/tunnel/pictify"
)

// Resume makes a subscription active again, as the API's resume does. It reports
// whether there is one with that uid.
func (s *Server) Resume(uid string) bool {
	return s.Edit(uid, func(sub *pictify.Subscription) { sub.Status, sub.FailureCount = pictify.Active, 0 })
}

// Queue counts the deliveries.
func (s *Server) Queue() Queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue()
}

// A Rung is the wait before a further attempt.
type Rung struct {
	Said   time.Duration // as it is documented
	Scaled time.Duration // on the compressed clock
}

// Rungs are the waits that are left after so many failed attempts, made at least 1.
func (l Ladder) Rungs(made int) (rungs []Rung) {
	for ; ; made++ {
		said, scaled, again := l.next(made)
		if !again {
			return rungs
		}
		rungs = append(rungs, Rung{said, scaled})
	}
}

// String is the documented wait as the documents write it: "1m", not "1m0s".
func (r Rung) String() string { return tidy(r.Said) }
