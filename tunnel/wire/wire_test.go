package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel/leaktest"
	"pictap/tunnel/pictify"
	"pictap/tunnel/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// newClient is a client of what listens at address.
func newClient(t *testing.T, address string) *wire.Client {
	t.Helper()
	c := &wire.Client{Origin: &url.URL{Scheme: "http", Host: address}}
	t.Cleanup(c.CloseIdle)
	return c
}

// serve answers every connection with handle, one after the other.
func serve(t *testing.T, handle func(n int, c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(10 * time.Second))
			handle(n, c)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func request(address string) wire.Request {
	return wire.Request{URI: "/hook?x=%2F", Host: address, Body: []byte("body")}
}

// The header arrives as it was given.
func TestHeaderKeepsItsOrder(t *testing.T) {
	got := make(chan string, 1)
	address := serve(t, func(_ int, c net.Conn) {
		var raw strings.Builder
		req, err := http.ReadRequest(bufio.NewReader(iotest.OneByteReader(io.TeeReader(c, &raw))))
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, req.Body)
		got <- raw.String()
		io.WriteString(c, "HTTP/1.1 204 No Content\r\nx-b: 1\r\nX-A: 2\r\n\r\n")
	})
	r := request(address)
	r.Header = []pictify.Field{{Name: "z-Last", Value: "1"}, {Name: "A", Value: ""}, {Name: "z-Last", Value: "2"}}
	a, err := newClient(t, address).Do(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := "POST /hook?x=%2F HTTP/1.1\r\nHost: " + address + "\r\nz-Last: 1\r\nA: \r\nz-Last: 2\r\nContent-Length: 4\r\n\r\nbody"
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("sent (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(wire.Answer{Status: 204, Header: []pictify.Field{{Name: "X-A", Value: "2"}, {Name: "X-B", Value: "1"}}}, a); diff != "" {
		t.Errorf("answer (-want +got)\n%s", diff)
	}
}

func TestFieldsThatWouldSplitTheHead(t *testing.T) {
	c := newClient(t, "127.0.0.1:1")
	for _, f := range []pictify.Field{{Name: "A", Value: "1\r\nX: 2"}, {Name: "A\nX", Value: "1"}, {Name: "", Value: "1"}, {Name: "A b", Value: "1"}, {Name: "A", Value: "\x00"}} {
		r := request("x")
		r.Header = []pictify.Field{f}
		if _, err := c.Do(t.Context(), r); err == nil || !strings.Contains(err.Error(), "cannot be sent") {
			t.Errorf("%q: %v, want an error before anything is dialled", f, err)
		}
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var opened atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	address := srv.Listener.Addr().String()
	c := newClient(t, address)
	for range 20 {
		if a, err := c.Do(t.Context(), request(address)); err != nil || string(a.Body) != "body" {
			t.Fatalf("Do = %+v, %v", a, err)
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for 20 requests in turn, want 1", n)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if _, err := c.Do(t.Context(), request(address)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := opened.Load(); n > 8 {
		t.Errorf("%d connections for 8 at a time", n)
	}
}

// A server may close what is idle at any moment.
func TestIdleConnectionThatWasClosed(t *testing.T) {
	address := serve(t, func(_ int, c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})
	c := newClient(t, address)
	for i := range 5 {
		r := request(address)
		r.Body = nil
		if a, err := c.Do(t.Context(), r); err != nil || a.Status != 200 {
			t.Fatalf("request %d: %+v, %v", i, a, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, tt := range []struct {
		name, says string
		method     string
		want       wire.Answer
		err        string
	}{
		{name: "interim answers", says: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", want: wire.Answer{Status: 200, Body: []byte("OK")}},
		{name: "HEAD", method: "HEAD", says: "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", want: wire.Answer{Status: 200}},
		{name: "until it closes", says: "HTTP/1.1 200 OK\r\n\r\nOK", want: wire.Answer{Status: 200, Body: []byte("OK")}},
		{name: "breaks off", says: "HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nhalf", want: wire.Answer{Status: 500, Body: []byte("half"), BrokenOff: true}},
		{name: "as long as may be", says: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + long[:1000], want: wire.Answer{Status: 200, Body: []byte(long[:1000])}},
		{name: "longer", says: "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + long, want: wire.Answer{Status: 200, Body: []byte(long[:1000]), Longer: true}},
		{name: "nothing", says: "", err: wire.ErrBrokenOff.Error()},
		{name: "no HTTP", says: "SSH-2.0-OpenSSH\r\n", err: "not an HTTP answer"},
		{name: "only interim", says: strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 50), err: "too many 1xx answers"},
		{name: "head without end", says: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", wire.MaxHead), err: "head is too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := serve(t, func(_ int, c net.Conn) {
				if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.Copy(io.Discard, req.Body)
				}
				io.WriteString(c, tt.says)
			})
			c := newClient(t, address)
			c.MaxBody = 1000
			r := request(address)
			r.Method = tt.method
			a, err := c.Do(t.Context(), r)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("Do = %v, want %q", err, tt.err)
			}
			a.Header = nil
			if diff := cmp.Diff(tt.want, a); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestNoAnswerInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := serve(t, func(_ int, c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		cancel() // not before, which would be an end while dialling
		io.Copy(io.Discard, c)
	})
	if _, err := newClient(t, address).Do(ctx, request(address)); !errors.Is(err, wire.ErrTimeout) {
		t.Errorf("Do = %v, want %v", err, wire.ErrTimeout)
	}
}

func TestDialling(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	var dial *wire.DialError
	if _, err := newClient(t, closed.Addr().String()).Do(t.Context(), request("x")); !errors.As(err, &dial) || !dial.Retry {
		t.Errorf("a closed port: %v, want a DialError that allows to try again", err)
	}
	c := newClient(t, closed.Addr().String())
	c.Allow = func(a netip.Addr) error { return fmt.Errorf("%s is not for us", a) }
	if err := c.Reach(t.Context()); !errors.As(err, &dial) || dial.Retry || dial.Reason != "127.0.0.1 is not for us" {
		t.Errorf("an address that is not allowed: %v", err)
	}
}

// Whoever wants to send in another way than at once writes the request himself.
func TestSendInPieces(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	defer srv.Close()
	address := srv.Listener.Addr().String()
	c := newClient(t, address)
	r := request(address)
	r.Send = func(_ context.Context, w io.Writer, head, body []byte) error {
		for _, part := range [][]byte{head[:7], head[7:], body[:1], body[1:]} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range 2 {
		a, err := c.Do(t.Context(), r)
		if err != nil || a.Status != 200 || string(a.Body) != "body" || a.Reused != (i > 0) {
			t.Errorf("request %d: %d %q, reused %t, %v", i, a.Status, a.Body, a.Reused, err)
		}
	}

	gaveUp := errors.New("gave up")
	r.Send = func(context.Context, io.Writer, []byte, []byte) error { return gaveUp }
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // dialling included
	defer cancel()
	if _, err := c.Do(ctx, r); err == nil {
		t.Error("what was not sent was answered")
	}
}
