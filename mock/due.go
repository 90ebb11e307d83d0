package mock

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"pictap/tunnel/pictify"
)

// A Due is a delivery that has not been received yet.
type Due struct {
	ID           string            `json:"id"`
	Subscription string            `json:"subscription,omitempty"` // "" for a target without one
	URL          string            `json:"url"`
	Event        pictify.EventType `json:"event"`
	State        string            `json:"state"`    // waiting, active, delayed (until a retry), or failed: given up
	Attempts     int               `json:"attempts"` // made so far
	At           time.Time         `json:"due"`      // the next attempt; of one that has failed, when the last was due
}

// Due lists the deliveries that have not been received: those that are due, the
// first one first, and the last hundred that were given up.
func (s *Server) Due() []Due {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Due, 0, len(s.out.parcels)+len(s.out.dead))
	for _, p := range s.out.parcels {
		all = append(all, p.describe())
	}
	slices.SortFunc(all, func(a, b Due) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	for _, p := range s.out.dead {
		d := p.describe()
		d.State = "failed"
		all = append(all, d)
	}
	return all
}

func (p *parcel) describe() Due {
	d := Due{ID: p.id, Subscription: p.to.UID, URL: p.to.TargetURL, Event: p.event.Type, State: "waiting", Attempts: p.made, At: p.due}
	switch {
	case p.cancel != nil:
		d.State = "active"
	case p.place >= 0:
		d.State = "delayed"
	}
	return d
}

// Attempts is the delivery log of a subscription: its last attempts, the newest
// last. ok is false when there is no such subscription.
func (s *Server) Attempts(uid string) (log []Attempt, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(uid)
	if r == nil {
		return nil, false
	}
	return append([]Attempt{}, r.log...), true
}

// AttemptNow makes the next attempt at a delivery at once. One that was given up
// gets one more; it is given up again if that fails.
func (s *Server) AttemptNow(id string) (Due, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, dead := s.out.parcels[id], -1
	if p == nil {
		dead = slices.IndexFunc(s.out.dead, func(p *parcel) bool { return p.id == id })
		if dead >= 0 {
			p = s.out.dead[dead]
		}
	}
	switch {
	case p == nil:
		return Due{}, refusal{status: http.StatusNotFound, slug: "delivery-not-found", title: "Not found", detail: "No delivery of that id is due"}
	case p.to.Status != pictify.Active:
		return Due{}, conflict("The subscription is " + string(p.to.Status) + ": resume it first")
	case p.cancel != nil:
		return Due{}, conflict("An attempt is under way")
	case s.out.closed:
		return Due{}, errClosed
	case dead >= 0:
		s.out.dead = slices.Delete(slices.Clone(s.out.dead), dead, dead+1)
		s.out.failed--
		s.hold(p)
		p.due = s.now()
		s.ready(p)
	case s.out.delayed.remove(p):
		p.due = s.now()
		s.ready(p)
	}
	return p.describe(), nil
}

func conflict(detail string) error {
	return refusal{status: http.StatusConflict, slug: "conflict", title: "Conflict", detail: detail}
}

// A Queue counts deliveries, as GET /webhook-subscriptions/stats names them.
type Queue struct {
	Active     int `json:"active"`     // an attempt is under way
	Completed  int `json:"completed"`  // received
	DeadLetter int `json:"deadLetter"` // given up and still kept
	Delayed    int `json:"delayed"`    // until a retry
	Failed     int `json:"failed"`     // given up
	Waiting    int `json:"waiting"`    // for their first attempt, or for one whose time has come
}

// queue needs s.mu.
func (s *Server) queue() Queue {
	o := &s.out
	return Queue{
		Waiting: len(o.parcels) - o.active - len(o.delayed.parcels), Active: o.active, Delayed: len(o.delayed.parcels),
		Completed: o.completed, Failed: o.failed, DeadLetter: len(o.dead),
	}
}
