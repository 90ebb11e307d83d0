package tunnel_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pictap/tunnel"
	"pictap/tunnel/leaktest"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// sendRaw sends bytes and returns the status of each answer until the other side
// hangs up. The answers to pipelined requests are read one after the other.
func (r rig) sendRaw(t testing.TB, request string) (statuses []int) {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(c, request) // the other side may hang up before it has read all of it
	c.(*net.TCPConn).CloseWrite()
	br := bufio.NewReader(c)
	for {
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			return statuses
		}
		io.Copy(io.Discard, res.Body)
		statuses = append(statuses, res.StatusCode)
	}
}

// Requests that are not what they seem, each with a signature that would be right
// for its body. None becomes a delivery.
func TestHostileRequests(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	path := r.Hooks.Path(token)
	body := string(event(1))
	signature := sign(remoteKey, time.Now(), []byte(body))
	request := func(head ...string) string {
		return "POST " + path + " HTTP/1.1\r\nX-Pictify-Signature: " + signature + "\r\n" + strings.Join(head, "\r\n") + "\r\n\r\n"
	}
	length := fmt.Sprintf("Content-Length: %d", len(body))
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf("X-%d: 1", i)
	}
	for name, text := range map[string]string{
		"1,001 fields":                   request(append(many, "Host: x", length)...) + body,
		"1,001 fields of one name":       request(append([]string{strings.Repeat("X: 1\r\n", 1000) + "X: 1", "Host: x"}, length)...) + body,
		"a field of a megabyte":          request("Host: x", length, "X: "+strings.Repeat("x", 1<<20)) + body,
		"a name of a megabyte":           request("Host: x", length, strings.Repeat("x", 1<<20)+": x") + body,
		"an endless path":                "POST " + path + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"NUL in a value":                 request("Host: x", length, "X: a\x00b") + body,
		"CR in a value":                  request("Host: x", length, "X: a\rb") + body,
		"NUL in a name":                  request("Host: x", length, "X\x00: a") + body,
		"blank before the colon":         request("Host: x", length, "X : a") + body,
		"no colon":                       request("Host: x", length, "X") + body,
		"two lengths":                    request("Host: x", length, "Content-Length: 1") + body,
		"two lengths in a line":          request("Host: x", length+", 1") + body,
		"negative length":                request("Host: x", "Content-Length: -1") + body,
		"length with a sign":             request("Host: x", fmt.Sprintf("Content-Length: +%d", len(body))) + body,
		"hexadecimal length":             request("Host: x", fmt.Sprintf("Content-Length: 0x%x", len(body))) + body,
		"length too large for a number":  request("Host: x", "Content-Length: 99999999999999999999") + body,
		"TE identity":                    request("Host: x", "Transfer-Encoding: identity", length) + body,
		"TE gzip, chunked":               request("Host: x", "Transfer-Encoding: gzip, chunked") + chunked,
		"TE chunked, gzip":               request("Host: x", "Transfer-Encoding: chunked, gzip") + chunked,
		"TE chunked twice":               request("Host: x", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + chunked,
		"TE xchunked":                    request("Host: x", "Transfer-Encoding: xchunked") + chunked,
		"TE with a vertical tab":         request("Host: x", "Transfer-Encoding: \vchunked") + chunked,
		"TE chunked in HTTP/1.0":         strings.Replace(request("Host: x", "Transfer-Encoding: chunked"), "HTTP/1.1", "HTTP/1.0", 1) + chunked,
		"a chunk with a bare LF":         request("Host: x", "Transfer-Encoding: chunked") + strings.Replace(chunked, "\r\n", "\n", 1),
		"a chunk of the wrong size":      request("Host: x", "Transfer-Encoding: chunked") + "5\r\n" + body + "\r\n0\r\n\r\n",
		"a chunk of an impossible size":  request("Host: x", "Transfer-Encoding: chunked") + "fffffffffffffffff\r\n" + body,
		"a chunk of negative size":       request("Host: x", "Transfer-Encoding: chunked") + "-1\r\n" + body,
		"no last chunk":                  request("Host: x", "Transfer-Encoding: chunked") + strings.TrimSuffix(chunked, "0\r\n\r\n"),
		"chunks that are mostly remarks": request("Host: x", "Transfer-Encoding: chunked") + strings.Repeat("1;"+strings.Repeat("x", 4000)+"\r\n{\r\n", 100),
		"two hosts":                      request("Host: x", "Host: y", length) + body,
		"no host":                        request(length) + body,
		"a host with a blank":            request("Host: x y", length) + body,
		"half a body":                    request("Host: x", fmt.Sprintf("Content-Length: %d", len(body)+1)) + body,
		"signature in a trailer": fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Pictify-Signature\r\n\r\n%x\r\n%s\r\n0\r\nX-Pictify-Signature: %s\r\n\r\n",
			path, len(body), body, signature),
		"signature on a folded line":        fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Pictify-Signature: %s\r\n %s\r\n%s\r\n\r\n%s", path, signature[:14], signature[14:], length, body),
		"two signatures":                    request("Host: x", length, "x-pictify-signature: "+signature) + body,
		"HTTP/2":                            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/3.0":                          strings.Replace(request("Host: x", length), "HTTP/1.1", "HTTP/3.0", 1) + body,
		"HTTP/0.9":                          "POST " + path + "\r\n",
		"TLS":                               "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"empty lines":                       strings.Repeat("\r\n", 10_000),
		"OPTIONS *":                         "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT":                           "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
		"TRACE":                             "TRACE " + path + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"upgrade":                           "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		"expectation of a path that is not": "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + length + "\r\n\r\n",
		"an unknown expectation":            request("Host: x", length, "Expect: miracles") + body,
		"a request behind a body":           request("Host: x", "Content-Length: 0") + request("Host: x", length)[:60] + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			before, err := r.Store.Count(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			took := time.Duration(math.MaxInt64)
			for range 3 { // what waits for a deadline takes its five seconds each time
				started := time.Now()
				for _, status := range r.sendRaw(t, text) {
					if status < 400 {
						t.Errorf("answered %d", status)
					}
				}
				if took = min(took, time.Since(started)); took < 3*time.Second {
					break
				}
			}
			if took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if after, err := r.Store.Count(t.Context()); err != nil || after.Deliveries != before.Deliveries {
				t.Errorf("it became a delivery (%v)", err)
			}
		})
	}
	// and after all of it, a good one
	if statuses := r.sendRaw(t, request("Host: x", length)+body); len(statuses) != 1 || statuses[0] != 200 {
		t.Errorf("a good request is answered %v", statuses)
	}
}

// A request that somebody smuggles behind the body of another is a request of its
// own, with a verdict of its own.
func TestTwoFramingsAreNotAmbiguous(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	path := r.Hooks.Path(token)
	inner := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", path)
	body := "0\r\n\r\n" + inner
	r.sendRaw(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Pictify-Signature: %s\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n%s",
		path, sign(remoteKey, time.Now(), []byte(body)), len(body), body))
	for _, d := range r.all(t) {
		if d.Verdict == pictify.Valid {
			t.Errorf("%q was verified", d.Body)
		}
	}
}

// What cannot be believed is not kept at length either.
func TestUnverifiedIsCutEverywhere(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	long := strings.Repeat("e", 1<<20)
	body := []byte(`{"event":"` + long + `","timestamp":"2026-01-29T10:30:00Z","data":{"templateUid":"` + long + `"}}`)
	r.post(t, body, "X-Pictify-Signature", sign(localKey, time.Now(), body), "X-Pictify-Delivery-Id", long[:50_000])
	d := r.eventually(t, "it is recorded", func(l []store.Delivery) bool { return len(l) == 1 })[0]
	if n := len(d.Event) + len(d.About) + len(d.DeliveryID) + len(d.Reason) + len(d.Body); n > 6<<10 {
		t.Errorf("%d bytes are kept: event %d, about %d, id %d, reason %d, body %d", n, len(d.Event), len(d.About), len(d.DeliveryID), len(d.Reason), len(d.Body))
	}
	if d.BodySize != int64(len(body)) {
		t.Errorf("size %d, want %d", d.BodySize, len(body))
	}
	n := 0
	for _, f := range d.Header {
		n += len(f.Name) + len(f.Value)
	}
	if n > 4<<10 {
		t.Errorf("%d bytes of header are kept", n)
	}

	// Nor can a sender that verifies put a megabyte into a line of the page.
	r.post(t, body, "X-Pictify-Delivery-Id", long[:50_000])
	d = r.eventually(t, "it is recorded", func(l []store.Delivery) bool { return len(l) == 2 })[1]
	if n := len(d.Event) + len(d.About) + len(d.DeliveryID); n > 1<<10 || d.Verdict != pictify.Valid || len(d.Body) != len(body) {
		t.Errorf("%s: %d bytes in a summary, %d of %d of the body", d.Verdict, n, len(d.Body), len(body))
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel() // it waits for the receiver's own deadline
	r := startReceiver(t, &tunnel.Receiver{})
	started := time.Now()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if i%2 == 0 { // the others say nothing at all
				io.WriteString(c, "P")
			}
			c.SetReadDeadline(started.Add(25 * time.Second))
			if _, err := io.Copy(io.Discard, c); err != nil {
				if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
					t.Errorf("connection %d is still open", i)
				}
			}
		})
	}
	for n := range 5 { // nobody else notices
		if res := r.post(t, event(n)); res.StatusCode != 200 {
			t.Errorf("a delivery meanwhile is answered %d", res.StatusCode)
		}
	}
	wg.Wait()
	if took := time.Since(started); took < 4*time.Second {
		t.Errorf("cut off after %v, want 5 s", took)
	}
}

func TestConnectionLimit(t *testing.T) {
	r := startReceiver(t, &tunnel.Receiver{})
	conns := make([]net.Conn, tunnel.MaxConnections)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", r.addr); err != nil {
			t.Fatal(err)
		}
		io.WriteString(conns[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	for _, c := range conns { // one that has asked may be idle for longer than one that has not
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != http.StatusNotFound {
			t.Fatalf("%v, %v", res, err)
		}
	}
	turnedAway := func() bool {
		c, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_, err = http.ReadResponse(bufio.NewReader(c), nil)
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Fatal("neither answered nor turned away")
		}
		return err != nil
	}
	for range 5 {
		if !turnedAway() {
			t.Error("a connection over the limit was served")
		}
	}
	conns[0].Close()
	for started := time.Now(); turnedAway(); {
		if time.Since(started) > 20*time.Second {
			t.Fatal("the slot of a closed connection did not come back")
		}
	}
}

// Receiver and Forwarder end with their context and leave nothing, whatever was
// under way: idle and half-open connections, a slow body, an app that hangs.
func TestNothingIsLeftRunning(t *testing.T) {
	for name, relay := range map[string]bool{"record": false, "relay": true} {
		t.Run(name, func(t *testing.T) {
			existing := goleak.IgnoreCurrent()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var apps sync.WaitGroup
			apps.Go(func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					apps.Go(func() { io.Copy(io.Discard, c); c.Close() }) // never answers
				}
			})
			base := "http://" + l.Addr().String()
			s, err := store.Open(t.TempDir()+"/1.db", store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			f := forwarder(t, base)
			f.Store = s
			rc := &tunnel.Receiver{Store: s, Forwarder: f, Relay: relay, Hooks: &tunnel.Hooks{Install: install}}
			rc.Hooks.Set(tunnel.Hook{Token: token, Source: store.FromPictify, Secret: pictify.NewSecret(remoteKey)})
			public, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			var running sync.WaitGroup
			running.Go(func() {
				if err := rc.Serve(ctx, public, 50*time.Millisecond); err != nil {
					t.Errorf("Serve = %v", err)
				}
			})
			running.Go(func() {
				if err := f.Run(ctx); err != nil {
					t.Errorf("Run = %v", err)
				}
			})
			var conns []net.Conn
			body := string(event(1))
			for _, text := range []string{
				"", "P", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST " + rc.Hooks.Path(token) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow",
				fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Pictify-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
					rc.Hooks.Path(token), sign(remoteKey, time.Now(), []byte(body)), len(body), body),
			} {
				c, err := net.Dial("tcp", public.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				io.WriteString(c, text)
				conns = append(conns, c)
			}
			for { // until the delivery is with the app, or waits for it
				changed := s.Changed()
				if n, err := s.Newest(ctx); err != nil || n > 0 {
					break
				}
				<-changed
			}
			started := time.Now()
			cancel()
			running.Wait()
			l.Close()
			apps.Wait() // until they have been hung up on
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if d, err := s.Get(context.Background(), 1); err != nil || d.State != store.Waiting {
				t.Errorf("the delivery under way is %s (%v), want waiting", d.State, err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			for _, c := range conns {
				c.Close()
			}
			leaktest.None(t, existing)
		})
	}
}

// A listener that fails ends Serve with its error, and what was served with it.
func TestServeEndsWithItsListener(t *testing.T) {
	existing := goleak.IgnoreCurrent()
	s, err := store.Open(t.TempDir()+"/1.db", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rc := &tunnel.Receiver{Store: s, Hooks: &tunnel.Hooks{Install: install}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- rc.Serve(context.Background(), l, 50*time.Millisecond) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if res, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || res.StatusCode != 404 {
		t.Errorf("answer %v, %v", res, err)
	}
	l.Close()
	if err := <-ended; err == nil {
		t.Error("Serve = nil although its listener failed")
	}
	s.Close()
	leaktest.None(t, existing)
}

// An app that promises to keep a connection and hangs up on the second request,
// as one does that is restarted or limits requests: nothing is lost by it, and
// nothing is counted as its answer.
func TestAppThatBreaksItsPromises(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				br := bufio.NewReader(c)
				for n := range 2 {
					req, err := http.ReadRequest(br)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					if n == 0 {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	r := start(t, forwarder(t, "http://"+l.Addr().String()))
	const n = 300
	var senders sync.WaitGroup
	for w := range 10 {
		senders.Go(func() {
			for i := range n / 10 {
				r.post(t, event(w*1000+i))
			}
		})
	}
	senders.Wait()
	list := r.eventually(t, "all have ended", func(l []store.Delivery) bool {
		return len(l) == n && !strings.Contains(states(l), "waiting")
	})
	for _, d := range list {
		if d.State != store.Done {
			t.Fatalf("%s is %s after %d attempts: %q", d.ID(), d.State, len(d.Attempts), d.Attempts[len(d.Attempts)-1].Error)
		}
	}
}

// Serve returns when the last handler has ended, even one that takes no notice.
func TestServeWaitsForItsHandlers(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	rc := &tunnel.Receiver{Store: openStore(t, ""), Hooks: &tunnel.Hooks{Install: install}, Now: func() time.Time {
		entered <- true
		<-release
		return time.Now()
	}}
	rc.Hooks.Set(tunnel.Hook{Token: token, Source: store.FromPictify, Secret: pictify.NewSecret(remoteKey)})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rc.Serve(ctx, l, 10*time.Millisecond) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", rc.Hooks.Path(token))
	<-entered
	cancel()
	early := time.NewTimer(100 * time.Millisecond)
	defer early.Stop()
	select {
	case err := <-ended:
		t.Errorf("Serve = %v while a request was being handled", err)
		release <- true
		return
	case <-early.C:
	}
	release <- true
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
}
