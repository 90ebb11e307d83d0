package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	maxIdle     = 64
	// idleTime is how long a connection is kept without use. It is short, because a
	// server that serves one connection at a time, as small ones in development do,
	// is blocked by an idle one.
	idleTime = time.Second
)

// A conn is a connection to the origin.
type conn struct {
	net.Conn
	src  io.LimitedReader // bounds one answer
	br   *bufio.Reader
	buf  []byte    // for requests, one after the other
	used bool      // it has carried a request: the other side may have closed it since
	idle time.Time // since when
}

func newConn(c net.Conn) *conn {
	cn := &conn{Conn: c}
	cn.src.R = c
	cn.br = bufio.NewReaderSize(&cn.src, 4096)
	return cn
}

// oneWrite is the longest request that is put together for one write. TLS would
// make two records of two.
const oneWrite = 16 << 10

func (cn *conn) send(r Request) error {
	cn.buf = r.appendHead(cn.buf[:0])
	if len(cn.buf)+len(r.Body) <= oneWrite {
		cn.buf = append(cn.buf, r.Body...)
		_, err := cn.Write(cn.buf)
		return err
	}
	buffers := net.Buffers{cn.buf, r.Body}
	_, err := buffers.WriteTo(cn.Conn)
	return err
}

// take returns an idle connection, or dials.
func (c *Client) take(ctx context.Context) (*conn, error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		cn := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return cn, nil
	}
	c.mu.Unlock()
	return c.dial(ctx)
}

func (c *Client) put(cn *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) >= maxIdle {
		cn.Close() // its error says nothing about a request
		return
	}
	cn.idle = time.Now()
	c.idle = append(c.idle, cn)
	if c.sweep == nil {
		c.sweep = time.AfterFunc(idleTime, c.closeOld)
	}
}

// closeOld closes what has been idle for too long, and comes back for the rest.
func (c *Client) closeOld() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep = nil
	for len(c.idle) > 0 {
		left := idleTime - time.Since(c.idle[0].idle)
		if left > 0 {
			c.sweep = time.AfterFunc(left, c.closeOld)
			return
		}
		c.idle[0].Close()
		c.idle = c.idle[1:]
	}
}

// dial connects to the origin.
func (c *Client) dial(ctx context.Context) (*conn, error) {
	d := net.Dialer{Timeout: c.dialTime(), Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return &DialError{Reason: "bad address " + address}
		}
		if c.Allow == nil {
			return nil
		}
		if err := c.Allow(ap.Addr().Unmap()); err != nil {
			return &DialError{Reason: err.Error()}
		}
		return nil
	}}
	nc, err := dialLocalhost(ctx, d, c.address())
	if err != nil {
		return nil, describeDial(err)
	}
	if c.Origin.Scheme == "https" {
		if nc, err = c.handshake(ctx, nc); err != nil {
			return nil, err
		}
	}
	return newConn(nc), nil
}

func (c *Client) dialTime() time.Duration {
	if c.Timeout > 0 {
		return min(c.Timeout, dialTimeout)
	}
	return dialTimeout
}

// address is host and port. Names below localhost are on this machine, as
// browsers have it (RFC 6761); not every resolver does.
func (c *Client) address() string {
	host, port := c.Origin.Hostname(), c.Origin.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[c.Origin.Scheme]
	}
	if strings.HasSuffix(strings.ToLower(host), ".localhost") {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

func (c *Client) handshake(ctx context.Context, nc net.Conn) (net.Conn, error) {
	cfg := c.TLS.Clone()
	if cfg == nil {
		cfg = &tls.Config{}
	}
	if cfg.ServerName == "" {
		cfg.ServerName = c.Origin.Hostname()
	}
	tc := tls.Client(nc, cfg)
	ctx, cancel := context.WithTimeout(ctx, c.dialTime())
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, &DialError{Reason: "TLS: " + err.Error()}
	}
	return tc, nil
}

// dialLocalhost dials addr. For localhost it tries both loopback addresses,
// whatever the machine resolves the name to: apps differ in which they take, and
// Node changed its mind.
func dialLocalhost(ctx context.Context, d net.Dialer, addr string) (net.Conn, error) {
	c, err := d.DialContext(ctx, "tcp", addr)
	host, port, _ := net.SplitHostPort(addr)
	if err == nil || host != "localhost" {
		return c, err
	}
	for _, ip := range []string{"127.0.0.1", "::1"} {
		if c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(ip, port)); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func describeDial(err error) error {
	var own *DialError
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, syscall.ECONNREFUSED):
		return &DialError{"connection refused", true}
	case errors.As(err, &dns):
		return &DialError{"no such host", true}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &DialError{"no connection in time", true}
	}
	return &DialError{err.Error(), true}
}
