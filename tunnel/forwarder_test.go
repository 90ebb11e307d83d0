package tunnel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// An app is the developer's: it records what it gets.
type app struct {
	*httptest.Server
	mu  sync.Mutex
	got []request
}

type request struct {
	header http.Header
	body   string
	path   string
}

func newApp(t testing.TB, answer http.HandlerFunc) *app {
	a := &app{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.got = append(a.got, request{r.Header, string(body), r.URL.String()})
		a.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *app) requests() []request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]request(nil), a.got...)
}

func forwarder(t testing.TB, base string) *tunnel.Forwarder {
	return &tunnel.Forwarder{Target: target(t, base), Secret: pictify.NewSecret(localKey)}
}

// start makes the forwarder of a rig share its store.
func start(t testing.TB, f *tunnel.Forwarder) rig {
	if f.Store == nil {
		f.Store = openStore(t, "")
	}
	return startReceiver(t, &tunnel.Receiver{Store: f.Store, Forwarder: f})
}

func TestForwardIsSignedWithTheOneLocalSecret(t *testing.T) {
	a := newApp(t, nil)
	r := start(t, forwarder(t, a.URL))
	original := sign(remoteKey, time.Now(), event(1))
	r.post(t, event(1), "X-Pictify-Signature", original)
	r.eventually(t, "it is done", allDone(1))
	got := a.requests()[0]
	if got.body != string(event(1)) || got.path != "/webhooks/pictify?a=1&b=%20" {
		t.Errorf("the app got %q at %s", got.body, got.path)
	}
	header := got.header.Get("X-Pictify-Signature")
	var at int64
	fmt.Sscanf(header, "t=%d,", &at)
	if want := sign(localKey, time.Unix(at, 0), event(1)); header != want || time.Since(time.Unix(at, 0)) > time.Minute {
		t.Errorf("signature %s, want %s of now", header, want)
	}
	if o := got.header.Get(tunnel.OriginalHeader); o != original {
		t.Errorf("original signature %q, want %q", o, original)
	}
}

func TestNoResignLeavesTheSignatureAlone(t *testing.T) {
	a := newApp(t, nil)
	f := forwarder(t, a.URL)
	f.Secret = pictify.Secret{}
	r := start(t, f)
	original := sign(remoteKey, time.Now(), event(1))
	r.post(t, event(1), "X-Pictify-Signature", original)
	r.eventually(t, "it is done", allDone(1))
	if got := a.requests()[0].header.Get("X-Pictify-Signature"); got != original {
		t.Errorf("signature %q, want the sender's %q", got, original)
	}
}

// rawApp answers every request with the same bytes and keeps the request heads.
func rawApp(t testing.TB, answer string) (base string, heads func() []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(10 * time.Second))
				var head []byte
				for !bytes.Contains(head, []byte("\r\n\r\n")) {
					buf := make([]byte, 4096)
					n, err := c.Read(buf)
					if err != nil {
						return // a look whether the port is open
					}
					head = append(head, buf[:n]...)
				}
				mu.Lock()
				got = append(got, string(head))
				mu.Unlock()
				io.WriteString(c, answer)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return "http://" + l.Addr().String(), func() []string { mu.Lock(); defer mu.Unlock(); return got }
}

func TestForwardKeepsHeaderOrderAndDropsHopByHop(t *testing.T) {
	base, heads := rawApp(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	f := forwarder(t, base)
	f.Header = []store.Field{{Name: "X-Mine", Value: "1"}}
	r := start(t, f)
	body := string(event(1))
	signature := sign(remoteKey, time.Now(), []byte(body))
	r.raw(t, fmt.Sprintf("POST %s HTTP/1.1\r\nzulu: 1\r\nHost: public.test\r\nX-Twice: a\r\nConnection: X-Pictify-Signature, X-Hop, keep-alive\r\n"+
		"X-Hop: gone\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\nProxy-Authorization: secret\r\nX-Pictap-Id: forged\r\nx-MINE: theirs\r\nalpha: \r\n"+
		"x-pictify-SIGNATURE: %s\r\nX-Twice: b\r\nX-Forwarded-For: 1.2.3.4\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s",
		r.Hooks.Path(token), signature, len(body), body))
	r.eventually(t, "it is done", allDone(1))
	head, _, _ := strings.Cut(heads()[0], "\r\n\r\n")
	var names []string
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		if name == "x-pictify-SIGNATURE" {
			value = ""
		}
		names = append(names, name+"="+value)
	}
	want := []string{"POST /webhooks/pictify?a=1&b=%20 HTTP/1.1=", "Host=" + strings.TrimPrefix(base, "http://"), "zulu=1", "X-Twice=a", "alpha=",
		"x-pictify-SIGNATURE=", "X-Twice=b", "X-Forwarded-For=1.2.3.4", "Content-Encoding=gzip", "X-Mine=1", "X-Pictap=forward", "X-Pictap-Id=d1",
		"X-Pictap-Original-Signature=" + signature, fmt.Sprintf("Content-Length=%d", len(body))}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("head at the app (-want +got):\n%s", diff)
	}
}

func TestAnswersAreRecorded(t *testing.T) {
	big := strings.Repeat("x", 10<<20)
	tests := []struct {
		name, answer string
		status       int
		state        store.State
		kept         int
		errorHas     string
	}{
		{"ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, store.Done, 2, ""},
		{"accepted", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, store.Done, 0, ""},
		{"error", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops", 500, store.Failed, 4, ""},
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/login\r\nContent-Length: 0\r\n\r\n", 302, store.Failed, 0, ""},
		{"10 MB", "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n" + big, 200, store.Done, store.AnswerLimit, ""},
		{"endless head", "HTTP/1.1 200 OK\r\nX: " + big, 0, store.Failed, 0, "not an HTTP answer"},
		{"garbage", "SSH-2.0-OpenSSH\r\n\r\n", 0, store.Failed, 0, "not an HTTP answer"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 200, store.Done, 4, "broke off"},
		{"1xx for ever", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100), 0, store.Failed, 0, "1xx"},
		{"100 then 200", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, store.Done, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, _ := rawApp(t, tt.answer)
			r := start(t, forwarder(t, base))
			r.post(t, event(1))
			d := r.eventually(t, "there is an attempt", func(l []store.Delivery) bool { return len(l) == 1 && len(l[0].Attempts) == 1 })[0]
			a := d.Attempts[0]
			if a.Status != tt.status || d.State != tt.state || len(a.Body) != tt.kept || !strings.Contains(a.Error, tt.errorHas) || (tt.errorHas == "") != (a.Error == "") {
				t.Errorf("status %d, %s, %d bytes, error %q; want %d, %s, %d, %q", a.Status, d.State, len(a.Body), a.Error, tt.status, tt.state, tt.kept, tt.errorHas)
			}
		})
	}
}

func TestSilentAppTimesOutWithoutHoldingOthersUp(t *testing.T) {
	release := make(chan struct{})
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Hang") != "" {
			<-release
		}
	})
	defer close(release)
	f := forwarder(t, a.URL)
	f.Timeout, f.Connections = 3*time.Second, 2
	r := start(t, f)
	r.post(t, event(0), "X-Hang", "1")
	for n := range 5 {
		r.post(t, event(n+1))
	}
	list := r.eventually(t, "all have ended", func(l []store.Delivery) bool {
		return len(l) == 6 && !strings.Contains(states(l), "waiting")
	})
	if list[0].State != store.Failed || list[0].Attempts[0].Error != "no answer in time" || list[0].Attempts[0].Status != 0 {
		t.Errorf("the hanging one: %s %+v", list[0].State, list[0].Attempts)
	}
	if got := states(list[1:]); strings.Contains(got, "failed") {
		t.Errorf("the others: %s, want done", got)
	}
}

func TestHeldWhileTheAppIsDownAndDrainedInOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close() // nothing listens there now
	f := forwarder(t, "http://"+addr)
	f.Connections = 1
	var held atomic.Int64
	told := make(chan struct{}, 1)
	f.Notify = func(n tunnel.AppNotice) {
		if n.Seq != 0 && !n.Up {
			held.Store(int64(n.Waiting))
		}
		select {
		case told <- struct{}{}:
		default:
		}
	}
	r := start(t, f)
	const n = 50
	for i := range n {
		if res := r.post(t, event(i)); res.StatusCode != 200 {
			t.Fatalf("status %d while the app is down, want 200", res.StatusCode)
		}
	}
	for deadline := time.After(20 * time.Second); !f.State().Known || held.Load() == 0; {
		select {
		case <-told:
		case <-deadline:
			t.Fatal("nobody was told that deliveries wait")
		}
	}
	for _, d := range r.all(t) {
		if d.State != store.Waiting || len(d.Attempts) != 0 {
			t.Fatalf("%s is %s with %d attempts, want waiting with none", d.ID(), d.State, len(d.Attempts))
		}
	}
	if s := f.State(); s.Up || s.Waiting != n || s.Reason != "connection refused" {
		t.Errorf("State = %+v, want down, %d waiting, connection refused", s, n)
	}
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		got = append(got, string(body))
		mu.Unlock()
	})}
	go srv.Serve(l)
	defer srv.Close()
	r.eventually(t, "all are done", allDone(n))
	mu.Lock()
	defer mu.Unlock()
	for i, body := range got {
		if body != string(event(i)) {
			t.Fatalf("the app got %s at place %d", body, i)
		}
	}
}

// Who does not want to wait for the next look at the port need not.
func TestTryNow(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()                                 // nothing listens there now
	t.Cleanup(tunnel.SetTryPauses(time.Hour)) // when the rig has ended
	f := forwarder(t, "http://"+addr)
	f.Connections = 1 // a second one might still be failing when the port is open
	held := make(chan bool, 1)
	f.Notify = func(n tunnel.AppNotice) {
		if n.Seq != 0 && !n.Up {
			select {
			case held <- true:
			default:
			}
		}
	}
	r := start(t, f)
	for i := range 3 {
		r.post(t, event(i))
	}
	<-held // one was tried, and all wait
	if err := f.TryNow(t.Context()); err == nil || f.State().Up || f.State().Waiting != 3 {
		t.Errorf("TryNow = %v, and State is %+v", err, f.State())
	}
	if l, err = net.Listen("tcp", addr); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go srv.Serve(l)
	defer srv.Close()
	if err := f.TryNow(t.Context()); err != nil || !f.State().Up {
		t.Errorf("TryNow = %v, and State is %+v", err, f.State())
	}
	r.eventually(t, "all are done", allDone(3))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.TryNow(gone); err == nil || !f.State().Up {
		t.Errorf("who has given up asking learns %v, and State is %+v", err, f.State())
	}
}

func TestWaitingSurvivesARestart(t *testing.T) {
	path := t.TempDir() + "/" + store.FileName
	const dead = "http://127.0.0.1:1"
	first := &tunnel.Receiver{Store: openStore(t, path), Forwarder: forwarder(t, dead)}
	first.Forwarder.Store = first.Store
	t.Run("down", func(t *testing.T) {
		r := startReceiver(t, first)
		for i := range 10 {
			r.post(t, event(i))
		}
	})
	first.Store.Close()

	a := newApp(t, nil)
	f := forwarder(t, a.URL)
	f.Store = openStore(t, path)
	r := start(t, f)
	r.eventually(t, "all are done", allDone(10))
	if got := len(a.requests()); got != 10 {
		t.Errorf("the app got %d, want 10", got)
	}
}

func TestCrashingAppGetsEverything(t *testing.T) {
	var n atomic.Int64
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%3 == 0 {
			panic(http.ErrAbortHandler) // the connection breaks without an answer
		}
	})
	r := start(t, forwarder(t, a.URL))
	for i := range 12 {
		r.post(t, event(i))
	}
	r.eventually(t, "all are done", allDone(12))
}

func TestPoisonIsGivenUp(t *testing.T) {
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Poison") != "" {
			panic(http.ErrAbortHandler)
		}
	})
	r := start(t, forwarder(t, a.URL))
	r.post(t, event(0), "X-Poison", "1")
	r.post(t, event(1))
	list := r.eventually(t, "both have ended", func(l []store.Delivery) bool { return len(l) == 2 && !strings.Contains(states(l), "waiting") })
	if list[0].State != store.Failed || len(list[0].Attempts) != 5 || list[1].State != store.Done {
		t.Errorf("%s, %d attempts, want failed after 5 and done", states(list), len(list[0].Attempts))
	}
}

func TestTargetIsThisMachineUnlessToldOtherwise(t *testing.T) {
	f := forwarder(t, "http://192.0.2.1:9") // documentation addresses, RFC 5737: nothing is sent there
	r := start(t, f)
	r.post(t, event(1))
	d := r.eventually(t, "it has failed", func(l []store.Delivery) bool { return len(l) == 1 && l[0].State == store.Failed })[0]
	if !strings.Contains(d.Attempts[0].Error, "not this machine") {
		t.Errorf("error %q, want that it is not this machine", d.Attempts[0].Error)
	}
}

func TestProxyVariablesAreIgnored(t *testing.T) {
	canary := newApp(t, nil)
	t.Setenv("HTTP_PROXY", canary.URL)
	t.Setenv("ALL_PROXY", canary.URL)
	a := newApp(t, nil)
	r := start(t, forwarder(t, a.URL))
	r.post(t, event(1))
	r.eventually(t, "it is done", allDone(1))
	if len(canary.requests()) != 0 {
		t.Error("the proxy of the environment was used")
	}
}

func TestReplay(t *testing.T) {
	status := atomic.Int64{}
	status.Store(500)
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(int(status.Load())) })
	f := forwarder(t, a.URL)
	r := start(t, f)
	r.post(t, event(1))
	r.eventually(t, "it has failed", func(l []store.Delivery) bool { return len(l) == 1 && l[0].State == store.Failed })
	status.Store(200)
	got, err := f.Replay(t.Context(), 1)
	if err != nil || got.N != 2 || got.Status != 200 || got.Kind != store.Replay {
		t.Fatalf("Replay = %+v, %v", got, err)
	}
	d := r.all(t)[0]
	if d.State != store.Done || len(d.Attempts) != 2 {
		t.Errorf("afterwards %s with %d attempts, want done with 2", d.State, len(d.Attempts))
	}
	if k := a.requests()[1].header.Get(tunnel.KindHeader); k != "replay" {
		t.Errorf("%s: %q, want replay", tunnel.KindHeader, k)
	}
	if _, err := f.Replay(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Replay of nothing: %v, want ErrNotFound", err)
	}
	r.post(t, event(2), "X-Pictify-Signature", sign(localKey, time.Now(), event(3)))
	r.eventually(t, "the forged one is recorded", func(l []store.Delivery) bool { return len(l) == 2 })
	if _, err := f.Replay(t.Context(), 2); !errors.Is(err, tunnel.ErrNotVerified) {
		t.Errorf("Replay of a forged one: %v, want ErrNotVerified", err)
	}
	if len(a.requests()) != 2 {
		t.Error("something that did not verify reached the app")
	}
}

func TestRelay(t *testing.T) {
	var status atomic.Int64
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(int(status.Load()))
	})
	f := forwarder(t, a.URL)
	f.Store = openStore(t, "")
	r := startReceiver(t, &tunnel.Receiver{Store: f.Store, Forwarder: f, Relay: true})
	for n, code := range []int{200, 204, 302, 400, 404, 410, 429, 500, 503} {
		status.Store(int64(code))
		res := r.post(t, event(n))
		if res.StatusCode != code || res.Header.Get("Retry-After") != "7" {
			t.Errorf("the app answers %d, Pictify got %d, Retry-After %q", code, res.StatusCode, res.Header.Get("Retry-After"))
		}
	}
	a.Close()
	if res := r.post(t, event(100)); res.StatusCode != 502 {
		t.Errorf("app gone: %d, want 502", res.StatusCode)
	}
	list := r.eventually(t, "all attempts are recorded", func(l []store.Delivery) bool {
		return len(l) == 10 && len(l[9].Attempts) == 1
	})
	// Pictify tries the failed one again, signed afresh: the app gets it again.
	if list[7].State != store.Failed || list[0].State != store.Done {
		t.Errorf("states %s", states(list))
	}
}

func TestStartOrder(t *testing.T) {
	var mu sync.Mutex
	var got []string
	a := newApp(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		got = append(got, r.Header.Get(tunnel.IDHeader))
		mu.Unlock()
	})
	f := forwarder(t, a.URL)
	f.Connections = 1
	r := start(t, f)
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := range 20 {
				r.post(t, event(w*1000+i))
			}
		})
	}
	wg.Wait()
	r.eventually(t, "all are done", allDone(320))
	mu.Lock()
	defer mu.Unlock()
	for i, id := range got {
		if want := fmt.Sprintf("d%d", i+1); id != want {
			t.Fatalf("place %d: the app got %s, want %s", i+1, id, want)
		}
	}
}

func TestDrain(t *testing.T) {
	a := newApp(t, func(http.ResponseWriter, *http.Request) {})
	r := start(t, forwarder(t, a.URL))
	for i := range 30 {
		r.post(t, event(i))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if left := r.Forwarder.Drain(ctx); left != 0 || len(a.requests()) != 30 {
		t.Errorf("Drain left %d, the app got %d of 30", left, len(a.requests()))
	}
}

// What a former run left is waited for, also by one who asks before it is in line.
func TestDrainOfWhatWasLeft(t *testing.T) {
	a := newApp(t, func(http.ResponseWriter, *http.Request) {})
	f := forwarder(t, a.URL)
	left := start(t, forwarder(t, "http://127.0.0.1:1"))
	left.post(t, event(1))
	f.Store = left.Store
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	drained := make(chan int)
	go func() { drained <- f.Drain(ctx) }()
	running, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(running) }()
	if n := <-drained; n != 0 || len(a.requests()) != 1 {
		t.Errorf("Drain left %d, the app got %d of 1", n, len(a.requests()))
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDrainGivesUpWhenTheAppIsDown(t *testing.T) {
	f := forwarder(t, "http://127.0.0.1:1")
	r := start(t, f)
	r.post(t, event(1))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if left := f.Drain(ctx); left != 1 || ctx.Err() != nil {
		t.Errorf("Drain left %d (%v), want 1 without waiting", left, ctx.Err())
	}
}

// Small servers serve one connection at a time: one that we keep open without
// use would keep everybody else out, a user with curl for one.
func TestIdleConnectionsAreNotKept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{}, 100)
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	}}
	go srv.Serve(l)
	defer srv.Close()
	r := start(t, forwarder(t, "http://"+l.Addr().String()))
	wait := func(what string) {
		t.Helper()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s is still open", what)
		}
	}
	wait("the connection that asked whether the app is there")
	r.post(t, event(1))
	r.eventually(t, "it is done", allDone(1))
	wait("the connection of the delivery")
}

func TestIPv6OnlyAndIPv4OnlyApps(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Logf("no %s here: %v", addr, err)
			continue
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
		go srv.Serve(l)
		t.Cleanup(func() { srv.Close() })
		u := &url.URL{Scheme: "http", Host: "localhost:" + port, Path: "/"}
		r := start(t, &tunnel.Forwarder{Target: u, Secret: pictify.NewSecret(localKey)})
		r.post(t, event(1))
		r.eventually(t, "an app on "+addr+" is reached as localhost", allDone(1))
	}
}
