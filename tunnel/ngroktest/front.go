package ngroktest

import (
	"crypto/tls"
	"fmt"
	"net"
)

// A front is one public listener.
type front struct {
	ln     net.Listener
	scheme string // "http" or "https"
	host   string // the one host behind it, or "" when the Host header decides
}

// openFront listens on a free port of 127.0.0.1.
func (s *Server) openFront(scheme string) (*front, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open %s front: %w", scheme, err)
	}
	return &front{ln: ln, scheme: scheme}, nil
}

// startFront serves f until the server is closed. It needs s.mu.
func (s *Server) startFront(f *front) {
	s.listeners = append(s.listeners, f.ln)
	s.wg.Go(func() {
		for {
			conn, err := f.ln.Accept()
			if err != nil {
				return
			}
			s.wg.Go(func() { s.servePublic(f, conn) })
		}
	})
}

// servePublic relays the requests of one connection.
func (s *Server) servePublic(f *front, conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.public[conn] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.public, conn)
	}()
	if f.scheme == "https" {
		secure := tls.Server(conn, s.ca.tls)
		defer secure.Close()
		conn = secure
	}
	newRelay(s, f, conn).serve()
}
