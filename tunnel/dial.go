package tunnel

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// A dialError says that no connection to the app could be made. retry is false
// when trying again cannot help.
type dialError struct {
	reason string
	retry  bool
}

func (e *dialError) Error() string { return e.reason }

// An appConn is a connection to the app.
type appConn struct {
	net.Conn
	src  io.LimitedReader // bounds one answer
	br   *bufio.Reader
	used bool      // it has carried a request: the app may have closed it since
	idle time.Time // since when
}

// idleTime is how long a connection is kept without use. It is short, because a
// server that serves one connection at a time, as small ones in development do,
// is blocked by an idle one.
const idleTime = time.Second

// A pool keeps idle connections to the one target.
type pool struct {
	f    *Forwarder
	addr string // host:port

	mu    sync.Mutex // guards all below
	idle  []*appConn // the longest idle first
	sweep *time.Timer
}

func newPool(f *Forwarder) *pool {
	port := f.Target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[f.Target.Scheme]
	}
	return &pool{f: f, addr: net.JoinHostPort(f.Target.Hostname(), port)}
}

// get returns an idle connection, or dials.
func (p *pool) get(ctx context.Context) (*appConn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return p.dial(ctx)
}

func (p *pool) put(c *appConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= idleConns {
		c.Close() // its error says nothing about a delivery
		return
	}
	c.idle = time.Now()
	p.idle = append(p.idle, c)
	if p.sweep == nil {
		p.sweep = time.AfterFunc(idleTime, p.closeOld)
	}
}

// closeOld closes what has been idle for too long, and comes back for the rest.
func (p *pool) closeOld() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep = nil
	for len(p.idle) > 0 {
		left := idleTime - time.Since(p.idle[0].idle)
		if left > 0 {
			p.sweep = time.AfterFunc(left, p.closeOld)
			return
		}
		p.idle[0].Close()
		p.idle = p.idle[1:]
	}
}

func (p *pool) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
}

// dial connects to the target. Each address that its name resolves to is
// checked at the moment of dialling, so that a name cannot first be this
// machine and later another one.
func (p *pool) dial(ctx context.Context) (*appConn, error) {
	d := net.Dialer{Timeout: appDialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return &dialError{reason: "bad address " + address}
		}
		if !p.f.AllowRemote && !ap.Addr().Unmap().IsLoopback() {
			return &dialError{reason: fmt.Sprintf("%s is not this machine", ap.Addr())}
		}
		return nil
	}}
	conn, err := dialLocalhost(ctx, d, p.addr)
	if err != nil {
		return nil, describeDial(err)
	}
	if p.f.Target.Scheme == "https" {
		cfg := p.f.TLS.Clone()
		if cfg == nil {
			cfg = &tls.Config{}
		}
		if cfg.ServerName == "" {
			cfg.ServerName = p.f.Target.Hostname()
		}
		tc := tls.Client(conn, cfg)
		hctx, cancel := context.WithTimeout(ctx, appDialTimeout)
		defer cancel()
		if err := tc.HandshakeContext(hctx); err != nil {
			conn.Close()
			return nil, &dialError{reason: "TLS: " + err.Error()}
		}
		conn = tc
	}
	c := &appConn{Conn: conn}
	c.src.R = conn
	c.br = bufio.NewReaderSize(&c.src, 4096)
	return c, nil
}

// dialLocalhost dials addr. For localhost it tries both loopback addresses,
// whatever the machine resolves the name to: apps differ in which they take, and
// Node changed its mind.
func dialLocalhost(ctx context.Context, d net.Dialer, addr string) (net.Conn, error) {
	conn, err := d.DialContext(ctx, "tcp", addr)
	host, port, _ := net.SplitHostPort(addr)
	if err == nil || host != "localhost" {
		return conn, err
	}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(ip, port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func describeDial(err error) error {
	var own *dialError
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, syscall.ECONNREFUSED):
		return &dialError{"connection refused", true}
	case errors.As(err, &dns):
		return &dialError{"no such host", true}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &dialError{"no connection in time", true}
	}
	return &dialError{err.Error(), true}
}
