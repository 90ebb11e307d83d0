package tunnel

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"pictap/tunnel/store"
)

// Requests to the app are written by hand, because http.Transport sorts header
// fields and joins what was apart. Answers are read by net/http.

var (
	errBrokenOff = errors.New("closed the connection without an answer")
	errStaleConn = errors.New("idle connection had been closed")
	errTimeout   = errors.New("no answer in time")
)

// A dialError says that no connection to the app could be made. retry is false
// when trying again cannot help.
type dialError struct {
	reason string
	retry  bool
}

func (e *dialError) Error() string { return e.reason }

const (
	answerHead     = 256 << 10 // bytes of an answer's head
	answerBody     = 1 << 20   // bytes read of its body; what is longer costs the connection
	answerExtra    = 5         // 1xx answers before the real one
	appDialTimeout = 5 * time.Second
	idleConns      = 64
)

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

// attempt sends a delivery once and describes what came of it. The error, also
// in words in the Attempt, is a *dialError, errBrokenOff, errTimeout, or what
// was wrong with the answer.
func (f *Forwarder) attempt(ctx context.Context, d *store.Delivery, kind string) (store.Attempt, error) {
	a := store.Attempt{Kind: kind, At: f.Now(), URL: f.Target.String()}
	start := time.Now() // a duration is real time
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	err := f.exchange(ctx, f.pool.get, d, &a)
	if errors.Is(err, errStaleConn) { // nothing was answered; another idle one may be as old
		err = f.exchange(ctx, f.pool.dial, d, &a)
	}
	a.Duration = time.Since(start)
	if err != nil {
		a.Error = reason(err)
	}
	return a, err
}

func (f *Forwarder) exchange(ctx context.Context, connect func(context.Context) (*appConn, error), d *store.Delivery, a *store.Attempt) error {
	c, err := connect(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) }) // wakes any read or write
	keep, err := f.talk(c, d, a)
	if stop() && keep {
		c.used = true
		f.pool.put(c)
	} else {
		c.Close() // what its error could say, the exchange has said
	}
	switch {
	case err != nil && ctx.Err() != nil && a.Status == 0:
		return errTimeout
	case errors.Is(err, errBrokenOff) && c.used:
		f.pool.closeIdle()
		return errStaleConn
	}
	return err
}

// talk writes the request and reads the answer. keep says whether the
// connection can carry another.
func (f *Forwarder) talk(c *appConn, d *store.Delivery, a *store.Attempt) (keep bool, err error) {
	head := f.requestHead(d, a)
	c.src.N = answerHead
	buf := net.Buffers{head, d.Body}
	_, writeErr := buf.WriteTo(c.Conn)
	// An app may answer and close before it has read everything (413): so the
	// answer counts, whatever happened to the writing.
	res, err := readAnswer(c.br)
	if err != nil && c.src.N <= 0 {
		return false, errors.New("not an HTTP answer: its head is too long")
	}
	if err != nil {
		if writeErr != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isReset(err) {
			return false, errBrokenOff
		}
		return false, fmt.Errorf("not an HTTP answer: %w", err)
	}
	defer res.Body.Close()
	a.Status = res.StatusCode
	for _, name := range sortedKeys(res.Header) {
		for _, v := range res.Header[name] {
			a.Header = append(a.Header, store.Field{Name: name, Value: v})
		}
	}
	c.src.N = answerBody
	body, err := io.ReadAll(io.LimitReader(res.Body, answerBody))
	a.BodySize, a.Body = int64(len(body)), body[:min(len(body), store.AnswerLimit)]
	if err != nil {
		a.Error = "the answer broke off"
		return false, nil // its status stands
	}
	return writeErr == nil && !res.Close && a.Status != http.StatusSwitchingProtocols && c.src.N > 0 && len(body) < answerBody && c.br.Buffered() == 0, nil
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// readAnswer reads an answer's head, skipping a few of the 1xx kind.
func readAnswer(br *bufio.Reader) (*http.Response, error) {
	for range answerExtra {
		res, err := http.ReadResponse(br, &http.Request{Method: http.MethodPost})
		if err != nil || res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, err
		}
	}
	return nil, errors.New("too many 1xx answers")
}

// requestHead is the request up to and including the empty line.
func (f *Forwarder) requestHead(d *store.Delivery, a *store.Attempt) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, "POST "...)
	b = append(b, f.Target.RequestURI()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, f.Target.Host...)
	b = append(b, "\r\n"...)
	for _, h := range f.forwardFields(d, a) {
		b = append(b, h.Name...)
		b = append(b, ": "...)
		b = append(b, h.Value...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(d.Body)), 10)
	return append(b, "\r\n\r\n"...)
}
