package tunnel_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pictap/tunnel"
	"pictap/tunnel/leaktest"
	"pictap/tunnel/ngroktest"
)

func TestNgrokCloseWhileConnectionsWait(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			resp, err := edge.Client().Get(n.URL())
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode != 502 && resp.StatusCode != 404 {
				t.Errorf("status %d, want ngrok's answer", resp.StatusCode)
			}
		})
	}
	first, err := n.Listener().Accept() // the others are on their way or wait
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	closeSoon(t, n)
	if _, err := n.Listener().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept() after Close = %v, want net.ErrClosed", err)
	}
	callers.Wait()
	if err := edge.WaitOnline(shortly(t), 0); err != nil {
		t.Error(err)
	}
}

// The listener alone can be closed, as http.Server.Shutdown does.
func TestNgrokListenerClose(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	srv := &http.Server{Handler: http.HandlerFunc(echoBody)}
	done := make(chan error)
	go func() { done <- srv.Serve(n.Listener()) }()
	wantEcho(t, edge, n.URL())
	if err := srv.Shutdown(shortly(t)); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve() = %v", err)
	}
	if status, _ := postThrough(t, edge, n.URL(), nil); status != 502 {
		t.Errorf("POST with a closed listener = %d, want 502", status)
	}
	closeSoon(t, n)
}

// http.Server closes its listener under a lock that its accept loop wants; on
// the SDK's own listener that is a deadlock under load.
func TestNgrokServerCloseUnderLoad(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{StreamPerRequest: true})
	for range 20 {
		n := openNgrok(t, optionsFor(edge))
		srv := &http.Server{Handler: http.HandlerFunc(echoBody)}
		served := make(chan error)
		go func() { served <- srv.Serve(n.Listener()) }()
		url := n.URL()
		wantEcho(t, edge, url)
		stop := make(chan struct{})
		var callers sync.WaitGroup
		for range 4 {
			callers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if resp, err := edge.Client().Post(url, "", strings.NewReader("x")); err == nil {
						resp.Body.Close()
					}
				}
			})
		}
		srv.Close()
		closeSoon(t, n)
		<-served
		close(stop)
		callers.Wait()
	}
}

// A write that waits for a caller who does not read heeds nothing but the end of
// the session.
func TestNgrokCloseFreesAStuckWrite(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	const much = 16 << 10
	var written atomic.Int64
	ended := make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		chunk := make([]byte, much)
		for range 64 << 20 / much {
			if _, err := w.Write(chunk); err != nil {
				return
			}
			written.Add(much)
		}
		t.Error("64 MiB were swallowed by nobody")
	})}
	served := make(chan error)
	go func() { served <- srv.Serve(n.Listener()) }()
	conn, err := net.Dial("tcp", edge.FrontAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.(*net.TCPConn).SetReadBuffer(4096)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+strings.TrimPrefix(n.URL(), "https://")+"\r\n\r\n")
	look := time.NewTicker(500 * time.Millisecond)
	defer look.Stop()
	for last := int64(0); ; <-look.C { // until it is stuck
		now := written.Load()
		if now > 0 && now == last {
			break
		}
		last = now
	}
	closeSoon(t, n)
	srv.Close()
	<-ended
	<-served
}

func TestNgrokCloseWithARequestInFlight(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	inHandler, cancelled := make(chan struct{}), make(chan struct{})
	serveNgrok(t, n, func(w http.ResponseWriter, r *http.Request) {
		close(inHandler)
		<-r.Context().Done()
		close(cancelled)
	})
	answered := make(chan int, 1)
	go func() {
		resp, err := edge.Client().Get(n.URL())
		if err != nil {
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-inHandler
	closeSoon(t, n)
	<-cancelled
	if status := <-answered; status != 502 {
		t.Errorf("caller got %d, want 502", status)
	}
}

// A caller that hangs up cancels the request.
func TestNgrokCallerLeaves(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	inHandler, cancelled := make(chan struct{}), make(chan struct{})
	serveNgrok(t, n, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(inHandler)
		<-r.Context().Done()
		close(cancelled)
	})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-inHandler
		leave()
	}()
	req, _ := http.NewRequestWithContext(ctx, "POST", n.URL(), strings.NewReader("x"))
	// A client says goodbye before it closes its connection, and an answer to that
	// may come in between.
	if resp, err := edge.Client().Do(req); err == nil {
		resp.Body.Close()
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("Do() = %v, want the cancel", err)
	}
	select {
	case <-cancelled:
	case <-shortly(t).Done():
		t.Error("the handler's request was not cancelled")
	}
}

func TestNgrokCloseIsFinal(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	closeSoon(t, n)
	closeSoon(t, n)
	if err := n.Reopen(shortly(t)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Reopen() after Close = %v, want net.ErrClosed", err)
	}
	for range n.Notices() { // closed, so this ends
	}
	if err := edge.WaitSessions(shortly(t), 0); err != nil {
		t.Error(err)
	}
}

// Close interrupts a Reopen that would take long.
func TestNgrokCloseDuringReopen(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	o := optionsFor(edge)
	dialling, dials := make(chan struct{}), atomic.Int64{}
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if n := dials.Add(1); n > 1 {
			if n == 2 {
				close(dialling)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	n := openNgrok(t, o)
	reopened := make(chan error)
	go func() { reopened <- n.Reopen(shortly(t)) }()
	<-dialling
	closeSoon(t, n)
	if err := <-reopened; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Reopen() = %v, want net.ErrClosed", err)
	}
}

// The session is up, and the endpoint is asked for, when the service falls silent.
func TestOpenNgrokCancelled(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	edge.RejectBind(func(bool, string) *ngroktest.Error {
		cancel()
		return &ngroktest.Error{Code: "ERR_NGROK_334"}
	})
	_, err := tunnel.OpenNgrok(ctx, optionsFor(edge))
	if !errors.Is(err, context.Canceled) && !isError[*tunnel.NgrokError](err) {
		t.Errorf("OpenNgrok() = %v, want the cancel or the refusal", err)
	}
}

// A connection that comes about after the end is not kept: the SDK would bring
// up a session that nobody knows of.
func TestNgrokLateConnection(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	release, late := make(chan struct{}), make(chan *closeWatch, 1)
	o := optionsFor(edge)
	o.Dial = func(_ context.Context, network, addr string) (net.Conn, error) {
		cancel()
		<-release
		conn, err := net.Dial(network, addr)
		w := &closeWatch{Conn: conn, closed: make(chan struct{})}
		late <- w
		return w, err
	}
	if _, err := tunnel.OpenNgrok(ctx, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("OpenNgrok() = %v, want the cancel", err)
	}
	close(release)
	select {
	case <-(<-late).closed:
	case <-shortly(t).Done():
		t.Error("the connection is still open")
	}
}

// A closeWatch tells when it is closed.
type closeWatch struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (w *closeWatch) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// What the SDK leaves behind ends by itself: a dropped connection's heartbeat
// after interval + tolerance, a pause between attempts after 30 s at most.
var (
	sdkHeartbeats = []goleak.Option{
		goleak.IgnoreAnyFunction("golang.ngrok.com/muxado/v2.(*Heartbeat).requester"),
		goleak.IgnoreAnyFunction("golang.ngrok.com/muxado/v2.(*Heartbeat).check"),
	}
	sdkLeftovers = append(slices.Clip(sdkHeartbeats),
		goleak.IgnoreAnyFunction("golang.ngrok.com/ngrok/internal/tunnel/client.(*reconnectingSession).connect"))
)

func TestNgrokLeavesNothingBehind(t *testing.T) {
	existing := goleak.IgnoreCurrent() // of tests before
	edge := ngroktest.NewServer(ngroktest.Config{})
	n, err := tunnel.OpenNgrok(shortly(t), optionsFor(edge))
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(echoBody)}
	served := make(chan error)
	go func() { served <- srv.Serve(n.Listener()) }()
	for range 20 {
		wantEcho(t, edge, n.URL())
		edge.DropSessions()
		wantNotice(t, n, tunnel.Online)
	}
	for range 3 {
		if err := n.Reopen(shortly(t)); err != nil {
			t.Fatal(err)
		}
		wantEcho(t, edge, n.URL())
	}
	edge.RejectAuth(func(string) *ngroktest.Error { return &ngroktest.Error{Code: "ERR_NGROK_107"} })
	if _, err := tunnel.OpenNgrok(shortly(t), optionsFor(edge)); err == nil {
		t.Error("OpenNgrok succeeded in spite of the refusal")
	}
	closeSoon(t, n)
	srv.Close()
	<-served
	edge.Close()
	leaktest.None(t, append(sdkLeftovers, existing)...)
}

// The pauses of an outage without a network are ours, and end with Close. The SDK
// then makes only its first one, half a second; left alone it would have come to
// four seconds here, and to thirty later.
func TestNgrokCloseWithoutNetwork(t *testing.T) {
	existing := goleak.IgnoreCurrent()
	edge := ngroktest.NewServer(ngroktest.Config{})
	var down atomic.Bool
	o := optionsFor(edge)
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if down.Load() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("network is unreachable")}
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	n := openNgrok(t, o)
	down.Store(true)
	edge.DropSessions()
	for range 5 { // the drop and four attempts: the next pause would be 4 s long
		wantNotice(t, n, tunnel.Lost)
	}
	closeSoon(t, n)
	edge.Close()
	var err error
	for range 6 { // each waits for half a second
		if err = goleak.Find(append(sdkHeartbeats, existing)...); err == nil {
			return
		}
	}
	t.Error(err)
}

// A brokenListener ends as the SDK's can: by calling a logger that is nil.
type brokenListener struct {
	net.Listener
	logger interface{ Info(string) }
}

func (l *brokenListener) Accept() (net.Conn, error) {
	l.logger.Info("accept failed")
	return nil, net.ErrClosed
}

// The end of a tunnel is never the end of the process.
func TestNgrokListenerBreaks(t *testing.T) {
	if err := tunnel.Pump(&brokenListener{}); err == nil || !strings.Contains(err.Error(), "the tunnel has ended") {
		t.Errorf("Pump() = %v, want that the tunnel has ended", err)
	}
}
