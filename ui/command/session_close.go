package command

import (
	"context"
	"errors"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/store"
)

const (
	quietFor   = 500 * time.Millisecond // without a request, before the tunnel is closed
	quietLimit = 2 * time.Second
	drainTime  = 5 * time.Second
)

// close ends the session in the order in which nothing is lost: Pictify is told
// to stop while we still accept, then nobody can come in any more, then what
// was accepted is handed on, and the store is closed last. The other way round,
// a delivery that was refused while its subscription was being removed would
// never be tried again.
//
// It may be called on a session that was only partly started. When the user is
// in a hurry (Env.Hurry) it skips the waiting and says what is left.
func (s *session) close(ctx context.Context) error {
	ctx, cancel := s.hurried(context.WithoutCancel(ctx))
	defer cancel()
	if s.page != nil {
		s.page.handler.StopSending() // else there would be no end to what is to be handed on
	}
	s.tending.end()

	bye := byeLine{}
	left := s.unregister(ctx, &bye)
	if len(bye.Removed) > 0 && s.cfg.way.kind != wayLocal {
		s.awaitQuiet(ctx)
	}
	err := s.way.close()
	if s.forwarder != nil {
		drain, cancel := context.WithTimeout(ctx, drainTime)
		bye.Waiting = int64(s.forwarder.Drain(drain))
		cancel()
	}
	s.stopRun()
	s.telling.end()
	if s.door != nil && s.receiver == nil {
		err = errors.Join(err, s.door.Close())
	}
	s.servers.Wait()
	if s.store != nil {
		if newest, e := s.store.Newest(context.WithoutCancel(ctx)); e == nil {
			bye.Deliveries = newest - s.before
		}
		err = errors.Join(err, s.store.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Release())
	}
	if s.started() {
		s.p.bye(bye)
	}
	if left != nil {
		return left
	}
	return err
}

func (s *session) started() bool { return s.telling.done != nil }

// hurried returns a context that ends when the user interrupts a second time.
func (s *session) hurried(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if s.env.Hurry != nil {
		hurry := s.env.Hurry
		go func() {
			select {
			case <-hurry:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

// unregister removes or pauses our subscriptions, as --on-exit says. The error
// names what is left.
func (s *session) unregister(ctx context.Context, bye *byeLine) error {
	if s.registrar == nil || s.cfg.onExit == "keep" {
		return nil
	}
	var done []store.Subscription
	var left []tunnel.Leftover
	if s.cfg.onExit == "pause" {
		done, left = s.registrar.Pause(ctx)
	} else {
		done, left = s.registrar.Stop(ctx)
	}
	for _, row := range done {
		bye.Removed = append(bye.Removed, row.UID)
	}
	bye.Paused = s.cfg.onExit == "pause"
	for _, l := range left {
		bye.Left = append(bye.Left, l.UID)
	}
	s.noteLive()
	return leftoverError(left)
}

// awaitQuiet waits until no request has come for a moment: Pictify may have sent
// one just before it was told to stop.
func (s *session) awaitQuiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, quietLimit)
	defer cancel()
	for {
		changed := s.store.Changed()
		quiet := time.NewTimer(quietFor)
		select {
		case <-changed:
			quiet.Stop()
		case <-quiet.C:
			return
		case <-ctx.Done():
			quiet.Stop()
			return
		}
	}
}

// A cleanupError names subscriptions that could not be removed.
type cleanupError struct{ left []tunnel.Leftover }

func leftoverError(left []tunnel.Leftover) error {
	if len(left) == 0 {
		return nil
	}
	return withCode(exitLeftovers, &cleanupError{left})
}

func (e *cleanupError) Error() string {
	text := "left at Pictify:"
	for _, l := range e.left {
		text += " " + l.UID + " (" + string(l.Event) + ": " + l.Err.Error() + ")"
	}
	return text
}
