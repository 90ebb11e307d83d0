package mock

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"pictap/tunnel/pictify"
)

const (
	maxSenders   = 32              // events that are being delivered at once
	maxQueued    = 64 << 20        // bytes of the events that wait, each counted as minEvent at least
	minEvent     = 4 << 10         // so that no more than 16,384 wait
	patience     = 2 * time.Second // how long a request waits for room among them
	closingGrace = 5 * time.Second // what work under way gets when a Server closes
)

// A crew is everything that a Server does after it has answered: batches, refreshes
// and the delivery of events. The zero crew is ready.
type crew struct {
	mu      sync.Mutex // guards what follows
	closed  bool
	quit    context.CancelFunc // ends what is under way; nil before the first work
	ctx     context.Context    // of all work: there is no caller whose it could be
	wg      sync.WaitGroup
	working int // of those that were started
	senders int
	waiting []errand // next one first
	room    *semaphore.Weighted
	lost    int // events that were accepted, or refused for want of room, and never sent
}

// An errand is an event that is to be delivered.
type errand struct {
	event  pictify.Event
	to     string // a URL outside of subscriptions; "" means whoever has subscribed
	weight int64
	done   func() // called when it is sent, or lost; may be nil
}

// ready makes the crew's context. c.mu must be held.
func (c *crew) ready() {
	if c.ctx == nil {
		c.ctx, c.quit = context.WithCancel(context.Background())
		c.room = semaphore.NewWeighted(maxQueued)
	}
}

// start has work done in a goroutine of its own. It reports false after close. The
// work must return soon when its context ends.
func (c *crew) start(work func(context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.ready()
	ctx := c.ctx
	c.working++
	c.wg.Go(func() {
		work(ctx)
		c.mu.Lock()
		c.working--
		c.mu.Unlock()
	})
	return true
}

// send has an event delivered. When too many wait it waits as well, for ctx or
// until patience is over, and then the event is lost.
func (s *Server) send(ctx context.Context, e errand) {
	c := &s.crew
	c.mu.Lock()
	c.ready()
	room := c.room
	c.mu.Unlock()
	e.weight = min(max(minEvent, int64(len(e.event.Data))), maxQueued)
	if !room.TryAcquire(e.weight) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if room.Acquire(ctx, e.weight) != nil {
			s.lose(e)
			return
		}
	}
	if !s.queue(e) {
		room.Release(e.weight)
		s.lose(e)
	}
}

// queue has an event wait for a sender. After close it reports false, except while
// work is under way whose events belong to what is finished.
func (s *Server) queue(e errand) bool {
	c := &s.crew
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed && c.working == 0 {
		return false
	}
	c.waiting = append(c.waiting, e)
	if c.senders < maxSenders {
		c.senders++
		ctx := c.ctx
		c.wg.Go(func() { s.deliverErrands(ctx) })
	}
	return true
}

// deliverErrands delivers events until none waits.
func (s *Server) deliverErrands(ctx context.Context) {
	c := &s.crew
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			c.senders--
			c.waiting = nil
			c.mu.Unlock()
			return
		}
		e := c.waiting[0]
		c.waiting[0] = errand{}
		c.waiting = c.waiting[1:]
		c.mu.Unlock()
		c.room.Release(e.weight)
		if ctx.Err() != nil {
			s.lose(e)
			continue
		}
		s.run(ctx, e)
	}
}

func (s *Server) run(ctx context.Context, e errand) {
	if e.done != nil {
		defer e.done()
	}
	if e.to == "" {
		s.Emit(ctx, e.event)
		return
	}
	s.deliverTo(ctx, e.to, e.event)
}

// lose says that an event is not delivered.
func (s *Server) lose(e errand) {
	s.crew.mu.Lock()
	s.crew.lost++
	s.crew.mu.Unlock()
	s.log().Warn("event lost", "event", e.event.Type)
	if e.done != nil {
		e.done()
	}
}

// close waits for what is under way, and after a grace ends it.
func (c *crew) close() (lost int) {
	c.mu.Lock()
	c.closed = true
	quit := c.quit
	c.mu.Unlock()
	if quit != nil {
		timer := time.AfterFunc(closingGrace, quit)
		c.wg.Wait()
		timer.Stop()
		quit()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}
