package ngroktest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Session describes an agent that is connected, in its own words.
type Session struct {
	ClientID                       string
	Authtoken                      string
	OS, Hostname                   string
	ClientType, Version, UserAgent string
	Metadata                       string
	HeartbeatInterval              time.Duration
	HeartbeatTolerance             time.Duration
}

// An Endpoint describes an endpoint that is online.
type Endpoint struct {
	URL         string
	ID          string // of the bind
	ClientID    string // of the agent's session
	ForwardsTo  string
	Metadata    string
	Description string
	Pooling     bool
	Opts        json.RawMessage // the options as the agent sent them
}

// Endpoints returns what is online, ordered by URL.
func (s *Server) Endpoints() []Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Endpoint
	for _, ep := range s.endpoints {
		list = append(list, ep.info)
	}
	slices.SortFunc(list, func(a, b Endpoint) int { return strings.Compare(a.URL, b.URL) })
	return list
}

// Sessions returns the authenticated agents, ordered by client id.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Session
	for sess := range s.sessions {
		if sess.clientID != "" {
			list = append(list, sess.info)
		}
	}
	slices.SortFunc(list, func(a, b Session) int { return strings.Compare(a.ClientID, b.ClientID) })
	return list
}

// WaitOnline returns when exactly n endpoints are online, or an error when ctx
// ends.
func (s *Server) WaitOnline(ctx context.Context, n int) error {
	return s.wait(ctx, n, "endpoints online", func() int { return len(s.endpoints) })
}

// WaitSessions returns when exactly n agents are connected, or an error when ctx
// ends. An agent that has closed its session is still connected for a moment.
func (s *Server) WaitSessions(ctx context.Context, n int) error {
	return s.wait(ctx, n, "sessions", func() int { return len(s.sessions) })
}

// wait returns when count, called with s.mu held, says n.
func (s *Server) wait(ctx context.Context, n int, what string, count func() int) error {
	for {
		s.mu.Lock()
		now, changed := count(), s.changed
		s.mu.Unlock()
		if now == n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d %s, have %d: %w", n, what, now, ctx.Err())
		}
	}
}

// announceChange wakes everybody who waits. It needs s.mu.
func (s *Server) announceChange() {
	close(s.changed)
	s.changed = make(chan struct{})
}
