package command

import (
	"context"
	"errors"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/store"
)

// register makes Pictify call us. It returns without error when the session is
// not to register anything.
func (s *session) register(ctx context.Context) error {
	if s.cfg.api == nil {
		return nil
	}
	s.registrar = &tunnel.Registrar{
		API: s.cfg.api, Store: s.store, Hooks: s.hooks, Types: s.cfg.types, Filters: s.cfg.filters,
		Now: s.env.Now, Log: s.log, Notify: s.subscriptionNews,
	}
	err := s.registrar.Start(ctx, s.way.url())
	s.noteLive()
	return err
}

func (s *session) noteLive() {
	live := append([]store.Subscription(nil), s.registrar.Live()...)
	paused := make(map[string]bool)
	for _, row := range live {
		paused[row.UID] = s.registrar.IsPaused(row.UID)
	}
	s.mu.Lock()
	s.live, s.paused = live, paused
	s.mu.Unlock()
	s.wake()
}

// subscriptionNews tells what the registrar did. What belongs to a normal start
// is in the banner already.
func (s *session) subscriptionNews(n tunnel.SubscriptionNotice) {
	line := subscriptionLine{Event: n.Event, Subscription: n.UID, Status: n.What}
	switch n.What {
	case "refused":
		s.mu.Lock()
		s.refused = append(s.refused, string(n.Event))
		s.mu.Unlock()
	case "resumed", "recreated":
		line.Note = "events of the last " + n.Gap.Round(time.Second).String() + " may not have been sent"
	case "waiting":
		line.Note = "asking again in " + n.Gap.Round(time.Millisecond).String()
	}
	if n.Err != nil {
		line.Note = joinNote(n.Err.Error(), line.Note)
	}
	if !s.p.json && (n.What == "created" || n.What == "reused" || n.What == "refused") {
		return
	}
	s.p.subscription(line)
}

func joinNote(a, b string) string {
	if b == "" {
		return a
	}
	return a + "; " + b
}

// tend looks after the tunnel and the subscriptions until ctx ends. Both are in
// one goroutine, so that a move and a check never overlap.
func (s *session) tend(ctx context.Context) {
	tick := time.NewTicker(tunnel.CheckEvery)
	defer tick.Stop()
	notices := s.way.notices()
	well := s.env.now() // when the subscriptions were last seen to be well
	lost := false
	for {
		select {
		case n, ok := <-notices:
			if !ok {
				notices = nil
				continue
			}
			lost = s.tunnelNews(ctx, n, lost)
		case <-tick.C:
			if s.registrar == nil || lost {
				continue
			}
			if err := s.registrar.Check(ctx, s.way.url(), well); err == nil {
				well = s.env.now()
			} else if ctx.Err() == nil {
				s.log.Warn("check subscriptions", "err", err)
			}
			s.noteLive()
		case order := <-s.orders:
			order.done <- s.obey(ctx, order)
		case <-ctx.Done():
			return
		}
	}
}

// tunnelNews follows one notice and reports whether the tunnel is lost now.
func (s *session) tunnelNews(ctx context.Context, n tunnel.Notice, lost bool) bool {
	switch n.Kind {
	case tunnel.Lost:
		if !lost {
			s.setTunnel("reconnecting")
			s.p.reconnecting(n.Err)
		}
		return true
	case tunnel.Online:
		s.comeBack(ctx)
		return false
	default: // ended for good
		s.setTunnel("ended")
		s.fail(withCode(exitNetwork, errors.Join(errTunnelEnded, n.Err)))
		return true
	}
}

var errTunnelEnded = errors.New("the tunnel has ended")

// comeBack makes sure that the public URL leads here again after an outage. The
// service may have given another one, which its SDK does not say: then the
// tunnel is opened anew and the subscriptions are moved.
func (s *session) comeBack(ctx context.Context) {
	before := s.way.url()
	if err := s.probeAgain(ctx); err != nil && ctx.Err() == nil {
		s.log.Info("public URL does not lead here after reconnect, opening anew", "url", before, "err", err)
		if err := s.reopen(ctx); err != nil {
			s.fail(withCode(exitNetwork, errors.Join(errTunnelEnded, err)))
			return
		}
	}
	if ctx.Err() != nil {
		return
	}
	s.setTunnel("online")
	s.p.reconnected(s.way.url())
	s.prove(ctx)
	if s.way.url() == before {
		return
	}
	if s.registrar != nil {
		if err := s.registrar.Move(ctx, s.way.url()); err != nil && ctx.Err() == nil {
			s.warn("not every subscription could be moved to %s: %v", s.way.url(), err)
		}
		s.noteLive()
	}
	if err := s.lock.Announce(s.holder()); err != nil {
		s.log.Warn("announce", "err", err)
	}
}

// Pauses between tries to open the tunnel anew; the last one is repeated.
var reopenPauses = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second}

// reopen opens the tunnel anew, for as long as that may help. It returns nil when
// ctx ends, too.
func (s *session) reopen(ctx context.Context) error {
	for i := 0; ; i++ {
		err := s.way.ngrok.Reopen(ctx)
		var refused *tunnel.NgrokError
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case errors.As(err, &refused) && refused.Permanent:
			return err
		}
		s.p.reconnecting(err)
		pause := time.NewTimer(reopenPauses[min(i, len(reopenPauses)-1)])
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return nil
		}
	}
}

// probeAgain gives the edge a moment to notice that the tunnel is back.
func (s *session) probeAgain(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	for range 3 {
		if err = s.receiver.Probe(ctx, s.way.client, s.way.url()); err == nil {
			return nil
		}
		pause := time.NewTimer(probePause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
	return err
}
