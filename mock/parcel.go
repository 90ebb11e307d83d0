package mock

import (
	"context"
	"errors"
	"slices"
	"time"

	"pictap/tunnel/pictify"
)

// A parcel is an event on its way to one record, from the moment it is emitted
// until it has been received or given up. Server.mu guards it.
type parcel struct {
	id    string
	to    *record
	event pictify.Event
	made  int // attempts

	// due is when the next attempt is to be made, or was to be, by Server.now. While
	// the parcel is in the timetable, place is where, and at is the same moment by the
	// machine's clock.
	due   time.Time
	at    time.Time
	place int

	cancel context.CancelFunc // ends the attempt that is under way; nil when none is
	first  chan Result        // takes the outcome of the first attempt
	told   bool               // it has
}

// tell hands the outcome of the first attempt to whoever waits for it.
func (p *parcel) tell(result Result) {
	if !p.told {
		p.told = true
		p.first <- result
	}
}

// Bounds of the outbox.
const (
	maxParcels     = 10_000
	maxParcelBytes = 64 << 20 // of events
	maxDead        = 100      // of those given up
	laneWidth      = 8        // attempts for one record at once,
	allLanes       = 256      // and for all of them, as long as that leaves each one
)

var (
	errFull    = errors.New("the queue is full, the event is lost for this subscription")
	errClosed  = errors.New("the mock has ended")
	errSkipped = errors.New("skipped: the subscription is not active any more")
)

// An outbox is what the mock still has to deliver. Server.mu guards it.
//
// Each record has a lane of its own. One whose target hangs fills its own lane,
// while every other has room for one attempt at least, however many there are.
type outbox struct {
	parcels map[string]*parcel // all that are due, by id
	bytes   int                // of their events
	delayed timetable          // those that wait for a retry
	dead    []*parcel          // given up, the newest last
	busy    int                // records with something in their lane
	closed  bool
	direct  map[string]*record // targets without a subscription, by URL, while they have parcels

	active            int // attempts under way
	completed, failed int // deliveries that ended so
	lost              int // deliveries that there was no room for
}

// A lane is what a record has ready to be sent.
type lane struct {
	ready   []*parcel
	active  int
	open    int // parcels in whatever state but dead
	busy    bool
	removed bool // the subscription was deleted
}

// room is how many attempts a record may have under way at once.
func (o *outbox) room() int { return max(1, min(laneWidth, allLanes/max(1, o.busy))) }

// enqueue makes a parcel of an event. s.mu must be held. The parcel is not ready
// yet. It is nil when the result says why it could not be made.
func (s *Server) enqueue(r *record, e pictify.Event) (*parcel, Result) {
	switch {
	case s.out.closed:
		return nil, Result{At: s.now(), Err: errClosed}
	case len(s.out.parcels) >= maxParcels || s.out.bytes+len(e.Data) > maxParcelBytes:
		s.out.lost++
		s.log().Warn("delivery lost: the queue is full", "event", e.Type, "subscription", r.UID, "lost", s.out.lost)
		return nil, Result{At: s.now(), Err: errFull}
	}
	id, err := s.newID("del_")
	if err != nil {
		return nil, Result{At: s.now(), Err: err}
	}
	p := &parcel{id: id, to: r, event: e, due: s.now(), place: -1, first: make(chan Result, 1)}
	s.hold(p)
	return p, Result{}
}

// hold adds a parcel to those that are due.
func (s *Server) hold(p *parcel) {
	if s.out.parcels == nil {
		s.out.parcels = make(map[string]*parcel)
		s.out.delayed.ring = s.ring
	}
	s.out.parcels[p.id] = p
	s.out.bytes += len(p.event.Data)
	p.to.open++
	if p.to.UID == "" {
		if s.out.direct == nil {
			s.out.direct = make(map[string]*record)
		}
		s.out.direct[p.to.TargetURL] = p.to
	}
}

// release forgets a parcel, whatever state it is in but under way.
func (s *Server) release(p *parcel) {
	s.out.delayed.remove(p)
	delete(s.out.parcels, p.id)
	s.out.bytes -= len(p.event.Data)
	p.to.open--
	if p.to.UID == "" && p.to.open == 0 && s.out.direct[p.to.TargetURL] == p.to {
		delete(s.out.direct, p.to.TargetURL)
	}
}

// ready has a parcel sent as soon as its lane has room.
func (s *Server) ready(p *parcel) {
	r := p.to
	r.ready = append(r.ready, p)
	if !r.busy {
		r.busy = true
		s.out.busy++
	}
	s.pump(r)
}

// pump starts what has room. What is due for a subscription that is not active is
// passed over for good, as the real service does when it comes to it.
func (s *Server) pump(r *record) {
	for len(r.ready) > 0 && r.active < s.out.room() && !s.out.closed {
		p := r.ready[0]
		r.ready[0], r.ready = nil, r.ready[1:]
		if r.Status != pictify.Active {
			s.skip(p)
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		p.cancel = cancel
		r.active++
		s.out.active++
		d := Delivery{URL: r.TargetURL, Secret: r.Secret, Event: p.event, ID: p.id}
		s.wg.Go(func() { s.attempt(ctx, p, d) })
	}
	if r.busy && r.active == 0 && len(r.ready) == 0 {
		r.busy = false
		s.out.busy--
	}
}

func (s *Server) skip(p *parcel) {
	s.release(p)
	p.tell(Result{At: s.now(), Err: errSkipped})
	s.log().Info("delivery skipped", "event", p.event.Type, "subscription", p.to.UID, "delivery", p.id, "status", p.to.Status)
}

// drop forgets everything that is due for a record that is being removed.
func (s *Server) drop(r *record) {
	r.removed, r.Status = true, pictify.Paused // what is under way comes to nothing
	r.ready = nil
	for _, p := range s.out.parcels {
		if p.to == r && p.cancel == nil {
			s.skip(p)
		}
	}
	s.out.dead = slices.DeleteFunc(s.out.dead, func(p *parcel) bool { return p.to == r })
	s.pump(r)
}

// ring is called when a retry is due.
func (s *Server) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.closed {
		return
	}
	for _, p := range s.out.delayed.take() {
		s.ready(p)
	}
}
