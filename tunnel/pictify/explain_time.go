package pictify

import (
	"strconv"
	"strings"
	"time"
)

// Bounds for what counts as the same moment, when a body's time is compared.
const (
	recent   = 10 * time.Minute
	fitsZone = 2 * time.Minute
)

// ageOf is now minus a header's time, 0 if that cannot be read.
func ageOf(t string, now time.Time) time.Duration {
	if !canonicalTime(t) {
		return 0
	}
	at, _ := strconv.ParseInt(t, 10, 64)
	return saturate(now.Unix() - at)
}

// timeFaults says what is wrong with a header's time, whose MAC is right. An event
// says when it happened; that tells a clock that is off from a delivery that is old.
func timeFaults(t string, q Question) []Fault {
	if t == "" {
		return nil
	}
	if unit := finerUnit(t, q.Now); unit != "" {
		return []Fault{{TimeUnit, unit}}
	}
	if !canonicalTime(t) {
		return []Fault{{TimeForm, t}}
	}
	age := ageOf(t, q.Now)
	if age <= Tolerance && age >= -Tolerance {
		return nil
	}
	happened := time.Duration(0) // how long ago
	e, err := ParseEvent(q.Body)
	known := err == nil && !e.Timestamp.IsZero()
	if known {
		happened = q.Now.Sub(e.Timestamp)
	}
	hours := age.Round(time.Hour)
	switch {
	case known && happened.Abs() <= recent && hours != 0 && hours.Abs() <= 14*time.Hour && (age-hours).Abs() <= fitsZone:
		return []Fault{{TimeZone, strconv.Itoa(int(hours / time.Hour))}}
	case age < 0:
		return []Fault{{Code: TimeFuture}}
	case known && happened.Abs() <= Tolerance:
		return []Fault{{Code: TimeBehind}}
	case known && (happened-age).Abs() <= recent:
		return []Fault{{Code: TimeReplay}}
	}
	return []Fault{{Code: TimeOld}}
}

// finerUnit names the unit of a time that is a time of these years in a finer unit
// than seconds, with or without a fraction.
func finerUnit(t string, now time.Time) string {
	whole, fraction, found := strings.Cut(t, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || found && !allDigits(fraction) {
		return ""
	}
	const years = 20 * 365 * 24 * 3600
	for _, unit := range []struct {
		name string
		size int64
	}{{"milliseconds", 1e3}, {"microseconds", 1e6}, {"nanoseconds", 1e9}} {
		if d := n/unit.size - now.Unix(); d > -years && d < years {
			return unit.name
		}
	}
	return ""
}
