package ui

import "time"

// A pace keeps a socket from spending the machine on a page that nobody could
// read that fast. Each line sent takes a millisecond of allowance. As long as
// less than a thousand lines a second change, every change is sent at once;
// under more, frames come every [longestGap] with all that happened in between.
//
// The alternative, a fixed pause after each frame, would delay the second of
// two deliveries even when nothing else happens for the rest of the day.
type pace struct {
	paid time.Time // when the allowance for what was sent is earned
}

const (
	lineCost   = time.Millisecond
	allowance  = 20 * time.Millisecond // may be used ahead
	longestGap = 50 * time.Millisecond
)

// sent notes a frame of n lines.
func (p *pace) sent(now time.Time, n int) {
	if p.paid.Before(now) {
		p.paid = now
	}
	p.paid = p.paid.Add(time.Duration(n) * lineCost)
	if most := now.Add(allowance + longestGap); p.paid.After(most) {
		p.paid = most
	}
}

// wait says how long the next frame is to wait.
func (p *pace) wait(now time.Time) time.Duration {
	return max(0, p.paid.Sub(now)-allowance)
}
