package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/ui"
)

// aboutRun is what the page tells of this run.
func (s *session) aboutRun() ui.Run {
	r := ui.Run{Started: s.begun, StateDir: s.cfg.state.dir, Database: s.store.Path(), Account: s.cfg.account}
	if s.door != nil {
		r.Receiver = s.door.Addr().String()
	}
	if s.cfg.api != nil {
		r.OnExit, r.API = s.cfg.onExit, s.cfg.api.BaseURL
		if r.API == "" {
			r.API = pictify.DefaultBaseURL
		}
	}
	if s.cfg.target != nil {
		r.Ack, r.Resign = "record", s.cfg.resign
		if s.cfg.relay {
			r.Ack = "relay"
		}
	}
	return r
}

// lookForApp looks at once whether the app is there; what waits then goes out.
func (s *session) lookForApp(ctx context.Context) error {
	err := s.forwarder.TryNow(ctx)
	if reason := s.forwarder.State().Reason; err != nil && reason != "" {
		return errors.New(reason)
	}
	return err
}

// A pauseOrder is what the page wants of a subscription. It is carried out by the
// goroutine that tends, so that it never overlaps with a check or a move.
type pauseOrder struct {
	uid    string
	paused bool
	done   chan error // has room for the answer
}

// orderPatience is how long somebody waits for it: a tunnel that is being opened
// anew comes first.
const orderPatience = 15 * time.Second

var errBusy = errors.New("the tunnel is being opened anew")

func (s *session) setPaused(ctx context.Context, uid string, paused bool) error {
	ctx, cancel := context.WithTimeout(ctx, orderPatience)
	defer cancel()
	order := pauseOrder{uid, paused, make(chan error, 1)}
	select {
	case s.orders <- order:
	case <-s.run.Done():
		return s.run.Err()
	case <-ctx.Done():
		return refusePause(paused, errBusy)
	}
	select {
	case err := <-order.done:
		return err
	case <-ctx.Done():
		return refusePause(paused, ctx.Err())
	}
}

// obey carries out an order.
func (s *session) obey(ctx context.Context, o pauseOrder) error {
	if s.registrar == nil {
		return refusePause(o.paused, tunnel.ErrNotLive)
	}
	ctx, cancel := context.WithTimeout(ctx, orderPatience)
	defer cancel()
	if err := s.registrar.SetPaused(ctx, o.uid, o.paused); err != nil {
		s.log.Warn("pause subscription", "uid", o.uid, "paused", o.paused, "err", err)
		return refusePause(o.paused, err)
	}
	s.noteLive()
	line := subscriptionLine{Subscription: o.uid, Status: "resumed", Note: "from the page"}
	if o.paused {
		line.Status = "paused"
	}
	for _, row := range s.registrar.Live() {
		if row.UID == o.uid {
			line.Event = row.Event
		}
	}
	s.p.subscription(line)
	return nil
}

// refusePause puts into words why a subscription is as it was.
func refusePause(paused bool, err error) error {
	what := "resumed"
	if paused {
		what = "paused"
	}
	why := sanitize(err.Error(), 300)
	switch {
	case errors.Is(err, tunnel.ErrNotLive):
		why = "this run does not use it any more"
	case errors.Is(err, pictify.ErrUnauthorized):
		why = "the API key may not do that; the dashboard can"
	case errors.Is(err, context.DeadlineExceeded):
		why = "there was no answer within " + orderPatience.String()
	}
	return &ui.Refusal{Text: fmt.Sprintf("it is not %s: %s", what, why)}
}
