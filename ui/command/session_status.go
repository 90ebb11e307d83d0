package command

import (
	"time"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

// status is what the page shows at its top.
func (s *session) status() ui.Status {
	st := ui.Status{Mode: s.cfg.mode, Version: version(), App: "unknown"}
	if s.way != nil {
		st.PublicURL = s.way.url()
	}
	if s.forwarder != nil {
		st.ForwardTo = s.cfg.target.String()
		app := s.forwarder.State()
		st.App = appWord(app)
		if app.Known {
			since := app.Since.UTC().Truncate(time.Millisecond)
			st.AppReason, st.AppSince = app.Reason, &since
		}
		if app.Known && !app.Up {
			st.Held = app.Waiting
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Tunnel, st.Probed, st.Warnings = s.tunnel, s.probed, append([]string{}, s.warnings...)
	for _, row := range s.live {
		line := ui.SubscriptionStatus{UID: row.UID, Event: string(row.Event), URL: row.TargetURL, Status: string(pictify.Active)}
		if s.paused[row.UID] {
			line.Status, line.Note = string(pictify.Paused), "from the page"
		}
		st.Subscriptions = append(st.Subscriptions, line)
	}
	return st
}

func appWord(app tunnel.AppState) string {
	switch {
	case app.Known && app.Up:
		return "answering"
	case app.Known:
		return "down"
	}
	return "unknown"
}

// holder is what other processes learn of this one.
func (s *session) holder() store.Holder {
	h := store.Holder{PID: pid(), Started: s.env.now(), PublicURL: s.way.url()}
	if s.page != nil {
		h.Inspector = s.page.base()
	}
	if s.cfg.target != nil {
		h.ForwardTo = s.cfg.target.String()
	}
	return h
}

// readiness is what there is to say once everything runs.
func (s *session) readiness(took time.Duration) readiness {
	st := s.status()
	r := readiness{
		readyLine: readyLine{Mode: s.cfg.mode, PublicURL: st.PublicURL, Probed: st.Probed, Hooks: s.hookLines(),
			ForwardTo: st.ForwardTo, BaseURL: s.cfg.baseURL, Gallery: s.cfg.gallery},
		Account: s.cfg.account, Took: took, Refused: s.refused, App: st.App, Secret: s.cfg.source,
	}
	if s.page != nil {
		r.Inspector = s.page.handler.LaunchURL()
	}
	return r
}

// hookLines are the paths that a sender may use: those registered, or, when
// nothing is, one for each type that takes what the local secret signs.
func (s *session) hookLines() []hookLine {
	var list []hookLine
	for _, row := range s.live {
		list = append(list, hookLine{Event: row.Event, URL: row.TargetURL, Subscription: row.UID})
	}
	if s.registrar == nil {
		for _, h := range s.hooks.Local() {
			list = append(list, hookLine{Event: h.Event, URL: s.way.url() + s.hooks.Path(h.Token)})
		}
	}
	return list
}
