package pictify

import (
	"slices"
	"time"
)

// AnswerTimeout is how long a handler may take: "2xx within 30 seconds" (concepts/webhooks).
const AnswerTimeout = 30 * time.Second

// RetryWaits returns the waits before each further attempt at a delivery:
// 1 min, 5 min, 30 min, 2 h and 24 h (concepts/webhooks).
//
// The page also says that a webhook is given up after five failed attempts, which
// would leave the last wait without a use. Here it is one try and five more.
func RetryWaits() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 24 * time.Hour}
}

// A Failing is why an answer does not count as a success. The empty one is none:
// the answer does.
type Failing string

// What can be wrong with an answer.
const (
	NoAnswer  Failing = "no-answer" // the connection was refused, or broke off
	TooSlow   Failing = "too-slow"  // it took longer than [AnswerTimeout], whatever it was
	Redirects Failing = "redirects" // 3xx: not documented, and no 2xx
	NoSuccess Failing = "no-success"
)

// An Outlook is what Pictify makes of the answer to an attempt.
type Outlook struct {
	Failing Failing         // "" when it is content and the delivery is over
	Next    []time.Duration // the waits before the attempts that may follow; none when it gives up, or is content
	GivesUp bool            // that was the last attempt: the subscription is disabled
}

// Expect says what Pictify does when the attempt number made, from 1, was answered
// with status after took. Status 0 means that there was no answer.
func Expect(made, status int, took time.Duration) Outlook {
	o := Outlook{Failing: failing(status, took)}
	if o.Failing == "" {
		return o
	}
	waits := RetryWaits()
	o.Next = slices.Clone(waits[min(max(made, 1)-1, len(waits)):])
	o.GivesUp = len(o.Next) == 0
	return o
}

func failing(status int, took time.Duration) Failing {
	switch {
	case took > AnswerTimeout:
		return TooSlow
	case status == 0:
		return NoAnswer
	case status >= 200 && status < 300:
		return ""
	case status >= 300 && status < 400:
		return Redirects
	}
	return NoSuccess
}
