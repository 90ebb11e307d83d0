package mock

import (
	"cmp"
	"context"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// An Attempt is an entry of the delivery log: what the guide's "Debugging" section
// has the dashboard show (time, status, body and time of the response), which
// attempt it was, and what comes next.
type Attempt struct {
	Time         time.Time         `json:"time"`
	Subscription string            `json:"subscription,omitempty"` // "" for a target without one
	Delivery     string            `json:"delivery"`
	Event        pictify.EventType `json:"event"`
	URL          string            `json:"url"`
	N            int               `json:"attempt"` // from 1; 0 for a test delivery
	Status       int               `json:"status"`  // 0: no answer
	DurationMS   float64           `json:"duration_ms"`
	Body         string            `json:"body,omitempty"` // of the response, its beginning, without secrets
	Error        string            `json:"error,omitempty"`
	Next         *time.Time        `json:"next_attempt,omitempty"`
	Wait         string            `json:"wait,omitempty"` // until then, before it was compressed
	GaveUp       bool              `json:"gave_up,omitempty"`
	Left         pictify.Status    `json:"subscription_status,omitempty"` // once it was given up
}

const (
	maxLog     = 50  // attempts that are kept of each subscription
	maxLogBody = 512 // bytes of a response
)

// attempt makes one attempt at a parcel, and sees to what follows from it.
func (s *Server) attempt(ctx context.Context, p *parcel, d Delivery) {
	send := s.send
	if send == nil {
		send = s.sender().Deliver
	}
	result := send(ctx, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	interrupted := ctx.Err() != nil // by Close, for nobody else ends an attempt
	p.cancel()
	p.cancel = nil
	p.to.active--
	s.out.active--
	switch {
	case p.to.removed:
		s.release(p)
		p.tell(result)
	case interrupted && !result.OK():
		p.tell(Result{At: result.At, Err: errClosed}) // it is still due
	default:
		s.outcome(p, d, result)
		p.tell(result)
	}
	s.pump(p.to)
	s.touch()
}

// outcome records an attempt, and retires the parcel or puts it up for a retry.
// s.mu must be held.
func (s *Server) outcome(p *parcel, d Delivery, result Result) {
	r := p.to
	p.made++
	a := newAttempt(r.UID, d, p.made, result)
	wait, scaled, again := s.Ladder.next(p.made)
	switch {
	case result.OK():
		s.out.completed++
		s.release(p)
	case again:
		p.due = s.now().Add(scaled)
		next := p.due
		a.Next, a.Wait = &next, tidy(wait)
		s.out.delayed.add(p, scaled)
	default:
		a.GaveUp = true
		s.giveUp(p)
		if r.UID != "" {
			a.Left = r.Status
		}
	}
	r.note(result, a)
	s.book(r, a)
}

// giveUp ends the ladder of a parcel: its subscription is disabled, see
// [Ladder.After]. The parcel is kept for a while, so
// that somebody who has mended the handler can have it tried once more.
func (s *Server) giveUp(p *parcel) {
	s.out.failed++
	s.release(p)
	if s.out.dead = append(s.out.dead, p); len(s.out.dead) > maxDead {
		s.out.dead = append([]*parcel(nil), s.out.dead[1:]...)
	}
	if p.to.UID != "" && p.to.Status == pictify.Active {
		p.to.Status = cmp.Or(s.Ladder.After, pictify.Failed)
		s.log().Warn("subscription disabled", "subscription", p.to.UID, "status", p.to.Status, "event", p.to.Event, "delivery", p.id, "attempts", p.made)
	}
}

// book writes an attempt into the logs. s.mu must be held.
func (s *Server) book(r *record, a Attempt) {
	if r.UID != "" {
		if r.log = append(r.log, a); len(r.log) > maxLog {
			r.log = append([]Attempt(nil), r.log[1:]...)
		}
	}
	s.journal.add(AttemptEntry(a))
	s.log().Info("event delivered", "event", a.Event, "subscription", a.Subscription, "delivery", a.Delivery, "attempt", a.N,
		"status", a.Status, "problem", a.Error, "wait", a.Wait, "gave up", a.GaveUp)
}

func newAttempt(uid string, d Delivery, n int, result Result) Attempt {
	return Attempt{
		Time: result.At, Subscription: uid, Delivery: d.ID, Event: d.Event.Type, URL: d.URL, N: n,
		Status: result.Status, DurationMS: milliseconds(result.Duration), Body: redact(excerpt(result.Body, maxLogBody)), Error: result.Problem(),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// tidy writes 1m rather than 1m0s.
func tidy(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}

// excerpt is the beginning of a body as text; what is not UTF-8 becomes U+FFFD.
func excerpt(body []byte, most int) string {
	return strings.ToValidUTF8(string(body[:min(len(body), most)]), "\uFFFD")
}
