package ngroktest

import (
	"crypto/tls"
	"net"
	"sync"
)

// An agentConn is the server's end of an agent's TCP connection, which can be
// made to look dead without being closed.
type agentConn struct {
	net.Conn
	freezeOnce, closeOnce sync.Once
	frozen, closed        chan struct{}
}

func newAgentConn(conn net.Conn) *agentConn {
	return &agentConn{Conn: conn, frozen: make(chan struct{}), closed: make(chan struct{})}
}

// freeze lets nothing pass from now on, in either direction, not even the
// other side's closing.
func (c *agentConn) freeze() { c.freezeOnce.Do(func() { close(c.frozen) }) }

func (c *agentConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.waitIfFrozen() {
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *agentConn) Write(p []byte) (int, error) {
	if c.waitIfFrozen() {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// waitIfFrozen reports whether the connection is frozen, after it was closed.
func (c *agentConn) waitIfFrozen() bool {
	select {
	case <-c.frozen:
		<-c.closed
		return true
	default:
		return false
	}
}

func (c *agentConn) Close() error {
	c.closeOnce.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// reset closes a connection so that the other side sees it cut, not ended.
func reset(conn net.Conn) {
	raw := conn
	switch c := conn.(type) {
	case *agentConn:
		raw = c.Conn
	case *tls.Conn:
		raw = c.NetConn()
	}
	if tcp, ok := raw.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	if c, ok := conn.(*agentConn); ok {
		c.Close()
		return
	}
	raw.Close() // not through TLS, whose farewell would make it look complete
}
