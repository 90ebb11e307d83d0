package command

import (
	"context"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

const (
	tellBatch = 2000                  // changes read at once
	tellPause = 50 * time.Millisecond // between batches, when they come without end
	tellLimit = 25                    // unverified requests told one by one in each batch
)

// tell prints what arrives and what becomes of it, until ctx ends; then what is
// stored by that time.
func (s *session) tell(ctx context.Context) {
	s.causer = &causer{store: s.store, local: s.cfg.secret, now: s.env.now}
	rev, err := s.store.LastRev(ctx)
	if err != nil {
		s.log.Error("follow deliveries", "err", err)
		return
	}
	for removed := int64(0); ; {
		changed := s.store.Changed()
		if rev := s.store.Removed(); rev > removed {
			removed = rev
			s.forgetRemoved(ctx)
		}
		n, next, err := s.tellSince(context.WithoutCancel(ctx), rev)
		if err != nil {
			s.log.Error("follow deliveries", "err", err)
			return
		}
		rev = next
		if n > tellBatch/40 { // many at once: let them gather
			pause := time.NewTimer(tellPause)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
			}
		}
		if n > 0 {
			continue
		}
		select {
		case <-changed:
		case <-s.appNews:
			s.tellApp()
		case <-ctx.Done():
			s.tellRest(rev)
			return
		}
	}
}

// forgetRemoved keeps what was deleted from counting as waiting for the app.
func (s *session) forgetRemoved(ctx context.Context) {
	if s.forwarder == nil {
		return
	}
	if err := s.forwarder.ForgetRemoved(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("forget what was deleted", "err", err)
	}
}

// tellRest prints what was committed after the last look.
func (s *session) tellRest(rev int64) {
	for {
		n, next, err := s.tellSince(context.Background(), rev)
		if err != nil || n == 0 {
			return
		}
		rev = next
	}
}

// tellSince prints the changes after rev, and returns how many and the last.
func (s *session) tellSince(ctx context.Context, rev int64) (n int, next int64, err error) {
	list, err := s.store.Since(ctx, rev, tellBatch)
	if err != nil || len(list) == 0 {
		return 0, rev, err
	}
	var unverified, untold int
	for _, d := range list {
		if d.Verdict != pictify.Valid {
			if unverified++; unverified > tellLimit && !s.p.json {
				untold++
				continue
			}
		}
		s.tellOne(ctx, d, rev)
	}
	if untold > 0 {
		s.p.note("%s… and %d more that did not verify", indent, untold)
	}
	return len(list), list[len(list)-1].Rev, nil
}

// tellOne prints of a delivery what is newer than rev.
func (s *session) tellOne(ctx context.Context, d store.Delivery, rev int64) {
	var newer []store.Attempt
	for _, a := range d.Attempts {
		if a.Rev > rev {
			newer = append(newer, a)
		}
	}
	if d.FirstRev > rev || len(newer) == 0 { // arrived, or arrived again
		s.p.delivery(d, s.causer.cause(ctx, d))
	}
	for _, a := range newer {
		s.p.attempt(d, s.withAnswer(ctx, d, a))
	}
}

// withAnswer adds the app's header and body where they help to say what an
// answer means.
func (s *session) withAnswer(ctx context.Context, d store.Delivery, a store.Attempt) store.Attempt {
	if a.OK() || s.p.json || a.Status == 0 {
		return a
	}
	whole, err := s.store.Get(ctx, d.Seq)
	if err != nil {
		return a
	}
	for _, b := range whole.Attempts {
		if b.N == a.N {
			return b
		}
	}
	return a
}

// appChanged is called by the forwarder, and must not wait.
func (s *session) appChanged() {
	select {
	case s.appNews <- struct{}{}:
	default: // it will look at the newest state anyway
	}
	s.wake()
}

// tellApp says when deliveries begin or cease to wait for the app. While it is
// down each new one is told with the number of those that wait.
func (s *session) tellApp() {
	app := s.forwarder.State()
	waiting := 0
	if app.Known && !app.Up {
		waiting = app.Waiting
	}
	s.mu.Lock()
	before := s.heldFor
	s.heldFor = waiting
	s.mu.Unlock()
	if waiting > before || waiting == 0 && before > 0 {
		s.p.held(int64(waiting), s.cfg.target, app.Reason)
	}
}
