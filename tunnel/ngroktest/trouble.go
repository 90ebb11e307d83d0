package ngroktest

import (
	"encoding/json"
	"fmt"
	"time"
)

// RejectAuth makes f judge every session from now on, before the edge does: an
// error refuses it. A nil f stops that. f must not call the Server.
//
//	edge.RejectAuth(func(string) *ngroktest.Error { return &ngroktest.Error{Code: "ERR_NGROK_107"} })
func (s *Server) RejectAuth(f func(authtoken string) *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejectAuth = f
}

// RejectBind makes f judge every bind from now on, before the edge does: an
// error refuses it. host is the host asked for, "" if none was; again is true
// when an agent that reconnected restores its endpoint. A nil f stops that. f
// must not call the Server.
func (s *Server) RejectBind(f func(again bool, host string) *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rejectBind = f
}

// RenameOnRebind gives an agent that restores its endpoint another host instead,
// without more ado, as long as on is true. The old host is lost: nobody can ask
// for it again.
func (s *Server) RenameOnRebind(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rename = on
}

// Refuse resets every new connection of an agent until [Server.Allow].
func (s *Server) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = true
}

// Allow ends Refuse.
func (s *Server) Allow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = false
}

// RefuseFor does Refuse now and Allow after d.
func (s *Server) RefuseFor(d time.Duration) {
	s.Refuse()
	time.AfterFunc(d, s.Allow)
}

// DropSessions resets the connections of all agents. When it returns their
// endpoints are offline; the agents will soon be back unless Refuse was called.
func (s *Server) DropSessions() {
	for _, sess := range s.currentSessions() {
		reset(sess.conn)
		s.dropSession(sess)
	}
}

// Freeze makes the connections of all agents look dead: nothing passes any more
// and nothing is closed, as after a cable was pulled. The endpoints stay online,
// and requests to them wait, until the agents give up and reconnect.
func (s *Server) Freeze() {
	for _, sess := range s.currentSessions() {
		sess.conn.freeze()
	}
}

// StopEndpoint ends an endpoint, as the dashboard's button does. The agent is
// told why and keeps its session.
func (s *Server) StopEndpoint(url string, why *Error) error {
	s.mu.Lock()
	var stopped *endpoint
	for _, ep := range s.endpoints {
		if ep.url() == url {
			stopped = ep
			s.takeOffline(ep)
		}
	}
	s.mu.Unlock()
	if stopped == nil {
		return fmt.Errorf("stop %s: not online", url)
	}
	stream, err := stopped.session.mux.OpenTypedStream(stopTunnelStream)
	if err != nil {
		return fmt.Errorf("stop %s: %w", url, err)
	}
	defer stream.Close()
	why = why.about(stopped.host)
	return json.NewEncoder(stream).Encode(stopTunnel{ID: stopped.id, Message: why.Msg, ErrorCode: why.Code})
}
