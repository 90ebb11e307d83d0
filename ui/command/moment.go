package command

import (
	"strings"
	"time"
)

// parseMoment reads a time as flags take it: RFC 3339 ("2026-01-29T10:30:00Z"),
// "now", or a distance from now ("-10m", "+1h30m").
func parseMoment(flag, text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		var d time.Duration
		d, err = time.ParseDuration(text)
		t = now.Add(d)
	}
	if err != nil || t.Unix() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, usagef("--%s is %q, which is no time", flag, sanitize(text, 80)).
			withHint("a time is 2026-01-29T10:30:00Z, now, or -10m for ten minutes ago")
	}
	return t, nil
}
