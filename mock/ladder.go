package mock

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// A Ladder says when a delivery that has failed is tried again, and when it is
// given up. The zero Ladder is the documented one.
type Ladder struct {
	Waits    []time.Duration // before each further attempt; nil means the documented ones
	Attempts int             // in all; 0 means one more than there are waits. The last wait repeats if need be
	Scale    float64         // how many times faster time goes; 0 means 1

	// After is what becomes of a subscription whose delivery is given up; "" means
	// [pictify.Failed]. The documents disagree: the table of statuses (api-reference) has
	// it failed, disabled after repeated failures; the prose (concepts/webhooks) has it
	// paused, as by hand. Either way it gets no more events until it is resumed.
	After pictify.Status
}

// next returns how long a delivery waits after so many failed attempts, and how
// long that is on the compressed clock. ok is false when it is given up.
func (l Ladder) next(made int) (wait, scaled time.Duration, ok bool) {
	waits := l.Waits
	if waits == nil {
		waits = pictify.RetryWaits()
	}
	attempts := l.Attempts
	if attempts == 0 {
		attempts = len(waits) + 1
	}
	if made >= attempts {
		return 0, 0, false
	}
	if len(waits) > 0 {
		wait = waits[min(made-1, len(waits)-1)]
	}
	scaled = wait
	if l.Scale > 0 {
		scaled = time.Duration(math.Round(float64(wait) / l.Scale))
	}
	return wait, scaled, true
}

// Course is how many attempts there are in all, and how long it is from the first to
// the last, if all fail at once: as it is said to be, and on the compressed clock.
func (l Ladder) Course() (attempts int, said, scaled time.Duration) {
	for attempts = 1; ; attempts++ {
		wait, here, again := l.next(attempts)
		if !again {
			return attempts, said, scaled
		}
		said, scaled = said+wait, scaled+here
	}
}

// Bounds of a ladder that somebody writes down.
const (
	maxRungs = 100
	maxWait  = 30 * 24 * time.Hour
)

// ParseWaits reads waits as [pictify.RetryWaits] would be written: "1m,5m,30m,2h,24h".
// "none" is no wait: one attempt and no other.
func ParseWaits(text string) ([]time.Duration, error) {
	if text == "none" {
		return []time.Duration{}, nil
	}
	var waits []time.Duration
	for word := range strings.SplitSeq(text, ",") {
		wait, err := time.ParseDuration(strings.TrimSpace(word))
		if err != nil || wait < 0 || wait > maxWait {
			return nil, fmt.Errorf("%q is no wait from 0s to %gh", word, maxWait.Hours())
		}
		if waits = append(waits, wait); len(waits) > maxRungs {
			return nil, fmt.Errorf("more than %d waits", maxRungs)
		}
	}
	return slices.Clip(waits), nil
}
