package tunnel

import "time"

// How long the steps of an end may take, about three seconds in all.
const (
	closeTunnelWithin  = time.Second
	closeSessionWithin = 500 * time.Millisecond
	leaveWithin        = time.Second
)

// giveUp ends a running session from within.
func (s *ngrokSession) giveUp(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveUpLocked(why)
}

func (s *ngrokSession) giveUpLocked(why error) {
	if s.ended || !s.running {
		return
	}
	s.ended = true
	s.notify(Notice{Kind: Ended, Err: why})
	s.spawn(s.end)
}

// end closes the session and waits until it is gone, about three seconds at
// most. Everything may be called several times and at once.
//
// First the endpoint, so that the service knows and Accept returns, then the
// session; both are asked in the background, as either may wait for an answer
// that will not come. Then the connection is closed under them. What can survive
// for half a minute are goroutines of the SDK's that sleep.
func (s *ngrokSession) end() {
	s.endOnce.Do(func() {
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		close(s.ending)
		if s.tun != nil {
			s.within(closeTunnelWithin, func() { s.tun.Close() })
		}
		if s.sess != nil {
			s.within(closeSessionWithin, func() { s.sess.Close() })
		}
		s.cancel()
		s.dialer.close()
		gone := make(chan struct{})
		go func() { s.wg.Wait(); close(gone) }()
		waitFor(gone, leaveWithin)
		s.log.close()
	})
}

// within calls f and waits for it, but no longer than d.
func (s *ngrokSession) within(d time.Duration, f func()) {
	done := make(chan struct{})
	s.wg.Go(func() { defer close(done); f() })
	waitFor(done, d)
}

func waitFor(done <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
