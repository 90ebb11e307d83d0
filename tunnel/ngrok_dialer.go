package tunnel

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialTimeout  = 5 * time.Second
	minRedialGap = 500 * time.Millisecond
	maxRedialGap = 5 * time.Second
	probeTimeout = 3 * time.Second
)

// An ngrokDialer makes the TCP connections of one session. The SDK dials through
// it so that the connection can be closed under the SDK, which ends what nothing
// else does, and so that a long outage is waited out here: the SDK's own pauses
// grow to 30 s and cannot be interrupted.
type ngrokDialer struct {
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	failed func(error) // is told of every failed attempt of a patient dialer

	patient atomic.Bool // keep trying; set once the session is up

	mu     sync.Mutex
	conn   net.Conn // the last one
	closed bool
}

func (d *ngrokDialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

func (d *ngrokDialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	for gap := minRedialGap; ; gap = min(2*gap, maxRedialGap) {
		conn, err := d.dialOnce(ctx, network, addr)
		if err == nil {
			return d.keep(conn)
		}
		if !d.patient.Load() || ctx.Err() != nil {
			return nil, err
		}
		d.failed(err)
		select {
		case <-time.After(gap):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (d *ngrokDialer) dialOnce(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return d.dial(ctx, network, addr)
}

func (d *ngrokDialer) keep(conn net.Conn) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	d.conn = conn
	return conn, nil
}

// close closes the connection and every later one.
func (d *ngrokDialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.conn != nil {
		d.conn.Close()
	}
}

// probeTLS connects once by itself and returns the error of the TLS handshake,
// nil if there is none. The SDK shakes hands in the background and mostly reports
// "session closed", whatever the cause.
func (d *ngrokDialer) probeTLS(ctx context.Context, addr string, config *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := d.dial(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	return tls.Client(conn, config).HandshakeContext(ctx)
}
