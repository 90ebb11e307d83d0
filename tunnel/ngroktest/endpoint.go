package ngroktest

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
)

// An endpoint is a public host that is online: whose requests go to a session.
// It does not change.
type endpoint struct {
	id, token   string // of the bind, kept when the agent binds again
	host, proto string
	session     *session
	info        Endpoint
}

func (ep *endpoint) url() string { return ep.proto + "://" + ep.host }

// claim puts the endpoint that req asks for online.
func (s *Server) claim(sess *session, req bindRequest) (*endpoint, *Error) {
	var opts bindOpts
	if err := json.Unmarshal(req.Opts, &opts); err != nil || (req.Proto != "https" && req.Proto != "http") {
		return nil, &Error{Msg: "This edge knows HTTP endpoints only."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess.clientID == "" || s.closed {
		return nil, &Error{Msg: "The session is not authenticated."}
	}
	asked := opts.host()
	old, rebind := s.bindTokens[req.Extra.Token]
	if rebind {
		asked = old
	}
	if s.rejectBind != nil {
		if err := s.rejectBind(rebind, asked); err != nil {
			return nil, err.about(asked)
		}
	}
	host, err := s.chooseHost(asked, rebind, req.Proto)
	if err != nil {
		return nil, err
	}
	if other := s.endpoints[host]; other != nil {
		// An agent that comes back takes over from its session that died unnoticed.
		if other.session == sess || other.session.clientID != sess.clientID {
			return nil, refusal("ERR_NGROK_334", host)
		}
		s.takeOffline(other)
		other.session.conn.Close()
	}
	ep := &endpoint{id: req.ID, token: req.Extra.Token, host: host, proto: req.Proto, session: sess}
	if !rebind {
		s.lastID++
		ep.id, ep.token = fmt.Sprintf("bind-%d", s.lastID), fmt.Sprintf("token-%d", s.lastID)
	}
	ep.info = Endpoint{
		URL: ep.url(), ID: ep.id, ClientID: sess.clientID, Opts: req.Opts,
		ForwardsTo: req.ForwardsTo, Metadata: req.Extra.Metadata, Description: req.Extra.Description,
		Pooling: req.Extra.PoolingEnabled,
	}
	s.bindTokens[ep.token] = host
	s.endpoints[host] = ep
	s.announce(ep, true)
	return ep, nil
}

// chooseHost finds the host for a bind: its old one when the agent binds again,
// the one it asked for if the account owns it, else the account's own or a new
// one. It needs s.mu.
func (s *Server) chooseHost(asked string, rebind bool, proto string) (string, *Error) {
	switch {
	case rebind && s.rename:
		host, err := s.newHost(proto)
		if asked == s.devHost {
			s.devHost = host
		}
		return host, err
	case rebind:
		return asked, nil
	case asked != "" && asked != s.devHost && !slices.Contains(s.cfg.Reserved, asked):
		return "", refusal("ERR_NGROK_319", asked)
	case asked != "":
		return asked, nil
	case s.devHost != "":
		return s.devHost, nil
	}
	return s.newHost(proto)
}

// newHost invents a host. It needs s.mu.
func (s *Server) newHost(proto string) (string, *Error) {
	if !s.cfg.PortPerEndpoint {
		s.lastID++
		return fmt.Sprintf("brisk-otter-%d.%s", s.lastID, s.cfg.Domain), nil
	}
	f, err := s.openFront(proto)
	if err != nil {
		return "", &Error{Msg: err.Error()}
	}
	f.host = f.ln.Addr().String()
	s.startFront(f)
	return f.host, nil
}

// takeOffline ends ep. It needs s.mu.
func (s *Server) takeOffline(ep *endpoint) {
	if s.endpoints[ep.host] == ep {
		delete(s.endpoints, ep.host)
		s.announce(ep, false)
	}
}

// announce tells that ep came or went. It needs s.mu.
func (s *Server) announce(ep *endpoint, online bool) {
	s.announceChange()
	s.logf("%s online: %t", ep.url(), online)
	if s.cfg.OnChange != nil {
		s.cfg.OnChange(ep.url(), online)
	}
}

// endpointFor returns the endpoint for a Host header, nil if it is offline.
func (s *Server) endpointFor(host string) *endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	host = strings.ToLower(host)
	if ep := s.endpoints[host]; ep != nil {
		return ep
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return nil
	}
	return s.endpoints[name]
}
