package command

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The benchmarks put a bare reverse proxy and a whole session (receiver, store,
// forwarder, page with an open socket, NDJSON) between the same sender and the
// same app, in one run, so that only the ratio counts:
//
//	go test -run '^$' -bench Carry -benchtime 20000x ./ui/command
//
// What a number is: deliveries/s is until the app has all of them and their
// attempts are stored; ack-p50-ms and ack-p99-ms are from the first byte sent to
// the answer read; cpu-us/op is of the whole process, sender and app included.

const benchConnections = 16

func BenchmarkCarry(b *testing.B) {
	b.Run("proxy", benchProxy)
	b.Run("pictap", benchSession)
}

// benchApp answers at once and counts.
func benchApp(b *testing.B) (*httptest.Server, *atomic.Int64) {
	var n atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n.Add(1)
	}))
	b.Cleanup(app.Close)
	return app, &n
}

func benchProxy(b *testing.B) {
	app, got := benchApp(b)
	target, _ := url.Parse(app.URL)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	front := httptest.NewServer(proxy)
	b.Cleanup(front.Close)
	benchSend(b, front.Listener.Addr().String(), "/webhooks/pictify", "whsec_0123456789abcdef", func() {})
	if got.Load() < int64(b.N) {
		b.Errorf("the app got %d of %d", got.Load(), b.N)
	}
}

func benchSession(b *testing.B) {
	app, got := benchApp(b)
	s := benchStart(b, app.URL)
	benchPage(b, s, func([]byte) {})
	hook := s.hooks.Local()[0]
	benchSend(b, s.door.Addr().String(), s.hooks.Path(hook.Token), s.cfg.secret.Reveal(), func() { benchAllForwarded(b, s) })
	if got.Load() != int64(b.N) {
		b.Errorf("the app got %d of %d", got.Load(), b.N)
	}
}

// benchAllForwarded waits until all deliveries are stored and none waits.
func benchAllForwarded(b *testing.B, s *session) {
	for {
		changed := s.store.Changed()
		c, err := s.store.Count(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if c.Deliveries == int64(b.N) && c.Waiting == 0 {
			return
		}
		<-changed
	}
}

// benchStart starts a session as "listen --tunnel none --no-register" does.
func benchStart(b *testing.B, app string) *session {
	procs := runtime.GOMAXPROCS(0)
	b.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	runtime.GOMAXPROCS(procs + 2) // as moreProcessors does; the testing package sets it anew for each run
	st, err := openState(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	st.random = Env{}.random()
	secret, err := st.secret()
	if err != nil {
		b.Fatal(err)
	}
	target, err := parseTarget(app, defaultPath)
	if err != nil {
		b.Fatal(err)
	}
	cfg := sessionConfig{
		state: st, way: wayConfig{kind: wayLocal, receiverAddr: "127.0.0.1:0"}, mode: "local", target: target, secret: secret,
		resign: true, pageAddr: "127.0.0.1:0", keepCount: 1 << 40, connections: 8,
	}
	p := newPrinter(Env{}, true, "off")
	s, err := startSession(context.Background(), Env{}, p, slog.New(slog.DiscardHandler), cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.close(context.Background()) })
	return s
}

// benchPage opens a page's socket and hands each message to got.
func benchPage(b *testing.B, s *session, got func(message []byte)) {
	launch := s.page.handler.LaunchURL()
	_, code, _ := strings.Cut(launch, "#code=")
	res, err := http.Post(s.page.base()+"/api/session", "application/json", strings.NewReader(`{"code":"`+code+`"}`))
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	_, rest, _ := strings.Cut(string(body), `"token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	d := websocket.Dialer{Subprotocols: []string{"pictap.v1", "token." + token}}
	c, _, err := d.Dial(strings.Replace(s.page.base(), "http", "ws", 1)+"/api/live?since=0", nil)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, message, err := c.ReadMessage()
			if err != nil {
				return
			}
			got(message)
		}
	}()
	b.Cleanup(func() { c.Close(); <-done })
}

// benchSend sends b.N deliveries of 1 KiB over 16 connections, each as soon as
// the last was answered, and waits until all have arrived.
func benchSend(b *testing.B, addr, path, secret string, arrived func()) {
	runtime.GC()
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	cpu := cpuTime()
	b.ResetTimer()
	start := time.Now()
	var wg sync.WaitGroup
	for range benchConnections {
		wg.Go(func() {
			mine, err := benchConnection(addr, path, secret, &next, int64(b.N))
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	arrived()
	elapsed := time.Since(start)
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "deliveries/s")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-us/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ack-p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ack-p99-ms")
}

func benchConnection(addr, path, secret string, next *atomic.Int64, n int64) (took []time.Duration, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		i := next.Add(1)
		if i > n {
			return took, nil
		}
		t := time.Now()
		if _, err := io.WriteString(c, benchRequest(path, secret, int(i))); err != nil {
			return took, err
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return took, err
		}
		io.Copy(io.Discard, res.Body)
		took = append(took, time.Since(t))
		if res.StatusCode != 200 {
			return took, fmt.Errorf("answered %s", res.Status)
		}
	}
}

// benchSign signs as the documentation describes it.
func benchSign(secret string, at int64, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at, body)
	return fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(mac.Sum(nil)))
}
