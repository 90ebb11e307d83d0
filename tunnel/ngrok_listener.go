package tunnel

import (
	"fmt"
	"net"
	"sync"
)

// A pumpListener stands between an HTTP server and the SDK's listeners, of which
// there is one for each session. Goroutines of ours accept from those without a
// pause, because a connection that waits there blocks the SDK's Close for good,
// and net/http, which closes its listener under the lock that its accept loop
// wants, would deadlock on it.
//
// Close refuses connections from then on, those that wait included.
type pumpListener struct {
	addr  func() net.Addr
	conns chan net.Conn

	closeOnce sync.Once
	closed    chan struct{}
}

func newPumpListener(addr func() net.Addr) *pumpListener {
	return &pumpListener{addr: addr, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pumpListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pumpListener) Close() error {
	l.closeOnce.Do(func() { close(l.closed) })
	return nil
}

func (l *pumpListener) Addr() net.Addr { return l.addr() }

// pump hands on the connections of source until it fails, and returns that
// error. Connections that nobody takes before ending is closed are dropped.
func (l *pumpListener) pump(source net.Listener, ending <-chan struct{}) error {
	for {
		conn, err := accept(source)
		if err != nil {
			return err
		}
		select {
		case l.conns <- conn:
		case <-l.closed:
			conn.Close()
		case <-ending:
			conn.Close()
		}
	}
}

// accept is source's Accept. When a session has come up faster than the SDK could note
// that it was coming, the SDK calls a logger that is nil where Accept has an error to
// return (v1.12.1, session.go:741 and tunnel.go:155): that is the end of a tunnel, and
// must not be the end of pictap.
func accept(source net.Listener) (conn net.Conn, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("the tunnel has ended (ngrok's SDK: %v)", broken)
		}
	}()
	return source.Accept()
}

// An ngrokAddr is the public host of a tunnel, as the address of its listener.
type ngrokAddr string

func (ngrokAddr) Network() string  { return "ngrok" }
func (a ngrokAddr) String() string { return string(a) }
