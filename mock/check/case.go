package check

import (
	"context"
	"slices"
	"time"

	"pictap/tunnel/pictify"
)

// A Group holds the cases about one thing that a handler has to do.
type Group string

// The groups, in the order of the card.
const (
	First      Group = "first"      // the plain delivery that everything else rests on
	Accepts    Group = "accepts"    // what Pictify may send
	Rejects    Group = "rejects"    // what Pictify never sends
	Tolerates  Group = "tolerates"  // rightly signed, but odd
	Idempotent Group = "idempotent" // one delivery, several times
	Behaves    Group = "behaves"    // as a server
)

// A Status is how a case ended.
type Status string

const (
	Pass       Status = "pass"       // it was seen to be right
	Warn       Status = "warn"       // right, but it may hurt one day
	Fail       Status = "fail"       // deliveries get lost, come twice, or crash the handler
	Critical   Status = "critical"   // a forgery was accepted
	Unmeasured Status = "unmeasured" // it was sent, and nothing can be told from what came back
	Skipped    Status = "skipped"    // it was not sent
)

// Statuses lists them, the best first.
func Statuses() []Status { return []Status{Pass, Warn, Fail, Critical, Unmeasured, Skipped} }

// A Case is one thing to find out, in words for people.
type Case struct {
	Group    Group
	Name     string // unique among all cases: "charset"
	Title    string // what is sent
	Expect   string // what a good handler answers
	Why      string // why that matters in production
	Docs     string // URL of the documentation's page
	Fix      string // when it is not as expected
	Crash    string // the fix when the handler crashed; "" means Fix
	Requests int    // at most, those to tell what happened included

	run func(ctx context.Context, r *round) verdict
}

// ID is "rejects/short-hex".
func (c Case) ID() string { return string(c.Group) + "/" + c.Name }

// A verdict is what a case found.
type verdict struct {
	status Status
	said   string // what was seen, one sentence
	fix    string // "" means the case's
}

// Cases returns all cases in the order of the card.
func Cases() []Case {
	return slices.Concat([]Case{probe()}, accepts(), rejects(), tolerates(), idempotent(), behaves())
}

// Requests is how many requests all of these cases make at most.
func Requests(cases []Case) int {
	n := 0
	for _, c := range cases {
		n += c.Requests
	}
	return n
}

// An Exchange is one request and what came back.
type Exchange struct {
	What   string // "the forgery", "its twin"
	At     time.Time
	Method string
	Header []pictify.Field // of the request
	Body   []byte          // its first bytes
	Size   int             // of the whole body

	Status   int             // 0: there was no answer
	Answer   []byte          // the beginning of the answer's body
	Fields   []pictify.Field // the answer's header
	Duration time.Duration
	Problem  string // why there was no answer, or that it broke off

	away   bool // no connection could be made
	reused bool // the connection had carried another request
}

// A Result is a case and how it ended.
type Result struct {
	Case
	Status    Status
	Said      string     // what was seen, one sentence; for a pass too
	Mend      string     // the fix for what was seen; "" for a pass
	Exchanges []Exchange // in the order in which they were sent
	Took      time.Duration
}

// Slowest is the longest that an answer took.
func (r Result) Slowest() (d time.Duration) {
	for _, e := range r.Exchanges {
		d = max(d, e.Duration)
	}
	return d
}

// A Card is the results of one run.
type Card struct {
	Started     time.Time
	Took        time.Duration
	Seed        int64
	Requests    int // that were made
	Measured    bool
	Interrupted bool
	Results     []Result // in the order of the card
}

// Count is how many cases ended so.
func (c Card) Count(s Status) (n int) {
	for _, r := range c.Results {
		if r.Status == s {
			n++
		}
	}
	return n
}
