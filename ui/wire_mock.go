package ui

import "time"

// What the page reads of the mock that runs inside, if there is one. All of it is in
// the mock's own words, so that this package need not know it.

// A Mock is how the page looks into a mock, and moves it. All functions must be
// given, may be called from any goroutine, and answer quickly. Their errors are for
// the page when they are a [Refusal].
type Mock struct {
	// Journal returns the newest entries after the one numbered after, oldest first,
	// at most limit.
	Journal func(after int64, limit int) []MockEntry
	// State tells what the mock has delivered and has still to deliver.
	State func() MockState
	// Attempt makes the next attempt at a delivery at once.
	Attempt func(id string) error
	// Resume makes a subscription active again.
	Resume func(uid string) error
}

// A MockEntry is a request to the mock and its answer, or an attempt to deliver.
type MockEntry struct {
	Seq          int64     `json:"seq"` // from 1, without gaps
	Time         time.Time `json:"time"`
	Kind         string    `json:"kind"` // "request" or "delivery"
	Method       string    `json:"method"`
	Path         string    `json:"path"`
	Status       int       `json:"status"` // 0: no answer
	DurationMS   float64   `json:"duration_ms"`
	RequestBytes int64     `json:"request_bytes"`
	AnswerBytes  int64     `json:"answer_bytes"`
	Request      string    `json:"request"` // how the body begins, without secrets
	Answer       string    `json:"answer"`
	Fault        string    `json:"fault"` // what went wrong on purpose

	RequestHeader [][2]string `json:"request_header,omitempty"` // names and values, without secrets
	AnswerHeader  [][2]string `json:"answer_header,omitempty"`

	Subscription string `json:"subscription"`
	Delivery     string `json:"delivery"`
	Event        string `json:"event"`
	Attempt      int    `json:"attempt"`
	Error        string `json:"error"`
	Wait         string `json:"wait"` // until the next attempt, as documented
	GaveUp       bool   `json:"gave_up"`
}

// MockState is what the mock holds.
type MockState struct {
	URL           string             `json:"url"`
	Scale         float64            `json:"scale"` // how many times faster time goes
	Waits         []string           `json:"waits"` // before each further attempt, as documented
	Faults        []string           `json:"faults"`
	Queue         MockQueue          `json:"queue"`
	Deliveries    []MockDelivery     `json:"deliveries"` // what is due, then what has ended, the newest first
	Subscriptions []MockSubscription `json:"subscriptions"`
}

// A MockQueue counts deliveries.
type MockQueue struct {
	Waiting   int `json:"waiting"`
	Active    int `json:"active"`
	Delayed   int `json:"delayed"` // until a retry
	Completed int `json:"completed"`
	Failed    int `json:"failed"` // given up
}

// A MockDelivery is an event on its way to a subscription, with its ladder of retries.
type MockDelivery struct {
	ID           string        `json:"id"`
	Event        string        `json:"event"`
	Subscription string        `json:"subscription"`
	URL          string        `json:"url"`
	State        string        `json:"state"` // "waiting", "active", "delayed", "failed", "received"
	Made         int           `json:"made"`  // attempts; may be more than are remembered
	Attempts     []MockAttempt `json:"attempts"`
	Due          *time.Time    `json:"due,omitempty"` // the next attempt
	CanAttempt   bool          `json:"can_attempt"`   // at once
	Remaining    []MockWait    `json:"remaining"`     // after the next one, if it fails
}

// A MockAttempt is one that was made.
type MockAttempt struct {
	N          int       `json:"n"` // 0 for a test delivery
	Time       time.Time `json:"time"`
	Status     int       `json:"status"`
	DurationMS float64   `json:"duration_ms"`
	Error      string    `json:"error"`
	Answer     string    `json:"answer"` // how it begins
}

// A MockWait is one before a further attempt.
type MockWait struct {
	Said string  `json:"said"` // as documented, "30m"
	MS   float64 `json:"ms"`   // on the compressed clock
}

// A MockSubscription is one at the mock.
type MockSubscription struct {
	UID        string `json:"uid"`
	Event      string `json:"event"`
	URL        string `json:"url"`
	Status     string `json:"status"`
	Deliveries int    `json:"deliveries"`
	Failures   int    `json:"failures"`
}

type mockJournal struct {
	Entries []MockEntry `json:"entries"`
}
