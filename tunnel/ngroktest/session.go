package ngroktest

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"golang.ngrok.com/muxado/v2"
)

// A session is one agent's connection. An agent that reconnects makes a new one
// with its old client id.
type session struct {
	server *Server
	conn   *agentConn
	mux    muxado.TypedStreamSession

	// Guarded by server.mu.
	clientID string // "" until it has authenticated
	info     Session
}

// serveAgent speaks the session protocol until the connection ends.
func (s *Server) serveAgent(conn net.Conn) {
	ac := newAgentConn(conn)
	sess := &session{server: s, conn: ac}
	sess.mux = muxado.NewTypedStreamSession(muxado.Server(tls.Server(ac, s.ca.tls), nil))
	defer sess.mux.Close()
	defer ac.Close() // first, or the session's farewell could wait for a frozen path
	if !s.addSession(sess) {
		return
	}
	defer s.dropSession(sess)
	for {
		stream, err := sess.mux.AcceptTypedStream()
		if err != nil {
			s.logf("session ended: %v", err)
			return
		}
		s.wg.Go(func() {
			defer stream.Close()
			sess.serveStream(stream)
		})
	}
}

// serveStream answers one request of the agent.
func (sess *session) serveStream(stream muxado.TypedStream) {
	s := sess.server
	var answer any
	switch stream.StreamType() {
	case heartbeatStream:
		io.Copy(stream, stream)
		return
	case authStream:
		answer = handle(sess, stream, s.auth)
	case bindStream:
		answer = handle(sess, stream, s.bind)
	case unbindStream:
		answer = handle(sess, stream, s.unbind)
	case srvInfoStream:
		answer = struct{ Region string }{"test"}
	default:
		answer = errorResponse{"unknown request"}
	}
	if err := json.NewEncoder(stream).Encode(answer); err != nil {
		s.logf("answer stream of type %d: %v", stream.StreamType(), err)
	}
}

// handle reads a request from r and returns f's answer to it.
func handle[Request, Answer any](sess *session, r io.Reader, f func(*session, Request) Answer) any {
	var req Request
	if err := json.NewDecoder(r).Decode(&req); err != nil {
		return errorResponse{"malformed request: " + err.Error()}
	}
	return f(sess, req)
}

func (s *Server) auth(sess *session, req authRequest) authResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := req.Extra.Authtoken
	if err := s.refuseAuth(sess, req); err != nil {
		s.logf("auth refused: %s", err.Code)
		return authResponse{Version: "3", Error: err.Error()}
	}
	sess.clientID = req.ClientID
	if sess.clientID == "" {
		s.lastID++
		sess.clientID = "client-" + strconv.Itoa(s.lastID)
	}
	sess.info = Session{
		ClientID:           sess.clientID,
		Authtoken:          token,
		OS:                 req.Extra.OS,
		Hostname:           req.Extra.Hostname,
		ClientType:         req.Extra.ClientType,
		Version:            req.Extra.Version,
		UserAgent:          req.Extra.UserAgent,
		Metadata:           req.Extra.Metadata,
		HeartbeatInterval:  time.Duration(req.Extra.HeartbeatInterval),
		HeartbeatTolerance: time.Duration(req.Extra.HeartbeatTolerance),
	}
	s.logf("session of %s began", sess.clientID)
	return authResponse{
		Version:  "3",
		ClientID: sess.clientID,
		Extra: authResponseExtra{
			Version: "ngroktest", Region: "test", AccountName: "test", PlanName: "Free",
			Cookie: "cookie-of-" + sess.clientID,
		},
	}
}

// refuseAuth says why req is refused, nil if it is not. It needs s.mu.
func (s *Server) refuseAuth(sess *session, req authRequest) *Error {
	token := req.Extra.Authtoken
	if s.rejectAuth != nil {
		if err := s.rejectAuth(token); err != nil {
			return err.about(token)
		}
	}
	if token == "" {
		return refusal("ERR_NGROK_4018", "")
	}
	if len(s.cfg.Authtokens) > 0 && !slices.Contains(s.cfg.Authtokens, token) {
		return refusal("ERR_NGROK_107", token)
	}
	others := 0
	for other := range s.sessions {
		// An agent that comes back takes the place of its dead session.
		if other != sess && other.clientID != "" && other.clientID != req.ClientID {
			others++
		}
	}
	if s.cfg.MaxSessions > 0 && others >= s.cfg.MaxSessions {
		return refusal("ERR_NGROK_108", strconv.Itoa(s.cfg.MaxSessions))
	}
	return nil
}

func (s *Server) bind(sess *session, req bindRequest) bindResponse {
	ep, err := s.claim(sess, req)
	if err != nil {
		s.logf("bind refused: %s", err.Code)
		return bindResponse{ID: req.ID, Proto: req.Proto, Error: err.Error()}
	}
	// What is answered here comes back when the agent binds again, so the
	// address that it got becomes the one that it asks for.
	opts := map[string]any{}
	json.Unmarshal(req.Opts, &opts) // was decoded once already, as part of req
	opts["Hostname"] = ep.host
	answer := bindResponse{ID: ep.id, URL: ep.url(), Proto: ep.proto, Opts: opts}
	answer.Extra.Token = ep.token
	return answer
}

func (s *Server) unbind(sess *session, req unbindRequest) errorResponse {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ep := range s.endpoints {
		if ep.session == sess && ep.id == req.ID {
			s.takeOffline(ep)
			return errorResponse{}
		}
	}
	return errorResponse{"no such endpoint: " + req.ID}
}
