package ui_test

import (
	"testing"
	"time"

	"pictap/ui"
)

// simulate lets changes come at a steady rate for ten seconds, and says how
// many frames were sent and how long a change waited at most and on average.
func simulate(perSecond int) (frames int, worst, mean time.Duration) {
	var p ui.Pace
	start := time.Unix(1, 0)
	now, sum, sent := start, time.Duration(0), 0
	total := 10 * perSecond
	at := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second / time.Duration(perSecond)) }
	for sent < total {
		if next := at(sent); now.Before(next) {
			now = next // the bell
		}
		first := sent
		for sent < total && !at(sent).After(now) {
			wait := now.Sub(at(sent))
			worst, sum = max(worst, wait), sum+wait
			sent++
		}
		p.Sent(now, sent-first)
		frames++
		now = now.Add(p.Wait(now))
	}
	return frames, worst, sum / time.Duration(total)
}

func TestPace(t *testing.T) {
	for _, tt := range []struct {
		perSecond, framesMost int
		worst, mean           time.Duration
	}{
		{1, 10, 0, 0},
		{400, 4000, 0, 0}, // 200 deliveries a second, each recorded and answered
		{900, 9000, time.Millisecond, time.Millisecond},
		{2000, 600, 50 * time.Millisecond, 26 * time.Millisecond},
		{12_000, 230, 50 * time.Millisecond, 26 * time.Millisecond}, // 6,000 deliveries a second
	} {
		frames, worst, mean := simulate(tt.perSecond)
		t.Logf("%d changes a second: %d frames in 10 s, a change waits %v at most, %v on average", tt.perSecond, frames, worst, mean)
		if frames > tt.framesMost || worst > tt.worst || mean > tt.mean {
			t.Errorf("%d changes a second: %d frames in 10 s, a change waits %v at most, %v on average; want no more than %d, %v, %v",
				tt.perSecond, frames, worst, mean, tt.framesMost, tt.worst, tt.mean)
		}
	}
}

// After a burst, the first single change is on its way at once again.
func TestPaceForgets(t *testing.T) {
	var p ui.Pace
	now := time.Unix(1, 0)
	p.Sent(now, 100_000)
	if got := p.Wait(now); got != 50*time.Millisecond {
		t.Errorf("wait after a huge frame = %v, want 50ms", got)
	}
	now = now.Add(100 * time.Millisecond)
	p.Sent(now, 1)
	if got := p.Wait(now); got != 0 {
		t.Errorf("wait a moment after = %v, want none", got)
	}
}
