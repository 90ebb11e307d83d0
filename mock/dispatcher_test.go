package mock_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/mock"
	"pictap/tunnel/pictify"
	"pictap/tunnel/wire"
)

const testSecret = "whsec_5a5a5a5a5a5a5a5a"

// newDispatcher returns one that signs as of testNow and leaves nothing behind.
func newDispatcher(t *testing.T) *mock.Dispatcher {
	t.Helper()
	d := &mock.Dispatcher{Now: func() time.Time { return testNow }}
	t.Cleanup(func() { d.Close() })
	return d
}

func delivery(url string) mock.Delivery {
	return mock.Delivery{URL: url, Secret: pictify.NewSecret(testSecret), Event: event(pictify.RenderFailed, `{"error":"<é>"}`), ID: "del_1"}
}

// What a delivery looks like, byte for byte.
func TestDeliveryOnTheWire(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan string, 1)
	go func() {
		defer close(got)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(time.Minute))
		var raw strings.Builder
		req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(conn, &raw)))
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
		got <- raw.String()
	}()

	d := newDispatcher(t)
	result := d.Deliver(t.Context(), delivery("http://"+ln.Addr().String()+"/webhooks/pictify?x=%2F"))
	body := `{"event":"render.failed","timestamp":"2026-01-29T10:30:00Z","data":{"error":"<é>","deliveryId":"del_1"}}`
	want := "POST /webhooks/pictify?x=%2F HTTP/1.1\r\n" +
		"Host: " + ln.Addr().String() + "\r\n" +
		"Content-Type: application/json\r\n" +
		"X-Pictify-Signature: " + signature(testSecret, testNow, []byte(body)) + "\r\n" +
		"X-Pictify-Event: render.failed\r\n" +
		"X-Pictify-Delivery-Id: del_1\r\n" +
		"User-Agent: pictap-mock\r\n" +
		"Content-Length: 105\r\n" +
		"\r\n" + body
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("on the wire (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(mock.Result{At: testNow, Status: 202, Body: []byte("OK"), Header: []pictify.Field{{Name: "Content-Length", Value: "2"}}}, result); diff != "" {
		t.Errorf("result (-want +got)\n%s", diff)
	}
}

func TestDeliverStrictly(t *testing.T) {
	hook := newReceiver(t, nil)
	d := newDispatcher(t)
	d.Strict = true
	d.Deliver(t.Context(), delivery(hook.URL))
	got := hook.one(t)
	if want := `{"event":"render.failed","timestamp":"2026-01-29T10:30:00Z","data":{"error":"<é>"}}`; string(got.body) != want {
		t.Errorf("body %s, want %s", got.body, want)
	}
	if id := got.header.Get("X-Pictify-Delivery-Id"); id != "del_1" {
		t.Errorf("delivery id %q, want it in the header still", id)
	}
}

func TestDeliverWithoutID(t *testing.T) {
	hook := newReceiver(t, nil)
	del := delivery(hook.URL)
	del.ID = ""
	newDispatcher(t).Deliver(t.Context(), del)
	got := hook.one(t)
	if _, ok := got.header["X-Pictify-Delivery-Id"]; ok || strings.Contains(string(got.body), "deliveryId") {
		t.Errorf("got %v %s, want no delivery id", got.header, got.body)
	}
}

// Each attempt is signed as of its own moment; everything else stays.
func TestEachAttemptIsSignedAfresh(t *testing.T) {
	hook := newReceiver(t, nil)
	var clock clock
	d := &mock.Dispatcher{Now: clock.now}
	defer d.Close()
	for range 3 {
		d.Deliver(t.Context(), delivery(hook.URL))
		clock.advance(6 * time.Minute)
	}
	for i, got := range hook.all() {
		at := testNow.Add(time.Duration(i) * 6 * time.Minute)
		if want := signature(testSecret, at, got.body); got.header.Get("X-Pictify-Signature") != want {
			t.Errorf("attempt %d signed %s, want %s", i, got.header.Get("X-Pictify-Signature"), want)
		}
		if string(got.body) != string(hook.all()[0].body) {
			t.Errorf("attempt %d has another body: %s", i, got.body)
		}
	}
}

func TestResults(t *testing.T) {
	for _, status := range []int{200, 201, 204, 299, 300, 302, 304, 400, 401, 404, 410, 429, 500, 503} {
		hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		result := newDispatcher(t).Deliver(t.Context(), delivery(hook.URL))
		if ok := status < 300; result.Status != status || result.Err != nil || result.OK() != ok || (result.Problem() == "") != ok {
			t.Errorf("%d: %+v, OK %t, problem %q", status, result, result.OK(), result.Problem())
		}
		hook.one(t) // redirects are not followed
	}
}

func TestReplyIsBounded(t *testing.T) {
	for _, tt := range []struct {
		size      int
		truncated bool
	}{{64 << 10, false}, {64<<10 + 1, true}, {10 << 20, true}} {
		hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, strings.Repeat("x", tt.size))
		})
		result := newDispatcher(t).Deliver(t.Context(), delivery(hook.URL))
		if len(result.Body) != 64<<10 || result.Truncated != tt.truncated || !result.OK() {
			t.Errorf("reply of %d bytes: %d kept, truncated %t, %s", tt.size, len(result.Body), result.Truncated, result.Problem())
		}
	}
}

func TestEndlessReply(t *testing.T) {
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<20)); err != nil {
				return // hung up
			}
		}
		t.Error("the dispatcher read 100 MiB")
	})
	if result := newDispatcher(t).Deliver(t.Context(), delivery(hook.URL)); !result.OK() || !result.Truncated {
		t.Errorf("result of %d bytes: %s", len(result.Body), result.Problem())
	}
}

func TestReplyThatBreaksOff(t *testing.T) {
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half")
	})
	result := newDispatcher(t).Deliver(t.Context(), delivery(hook.URL))
	if !result.OK() || !result.Truncated || string(result.Body) != "half" {
		t.Errorf("result %+v, want a success with half a reply", result)
	}
}

func TestDeliveriesThatFail(t *testing.T) {
	const nobody = "http://127.0.0.1:1"
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	unsigned := delivery(nobody)
	unsigned.Secret = pictify.Secret{}
	splitting := delivery(nobody)
	splitting.ID = "del_1\r\nX-Evil: 1"
	for _, tt := range []struct {
		name string
		ctx  context.Context
		del  mock.Delivery
	}{
		{"closed port", t.Context(), delivery(nobody + "/in/token")},
		{"cancelled", cancelled, delivery(nobody + "/in/token")},
		{"no URL", t.Context(), delivery("")},
		{"not a URL", t.Context(), delivery("http://[/in/token")},
		{"unknown scheme", t.Context(), delivery("gopher://127.0.0.1/in/token")},
		{"no secret", t.Context(), unsigned},
		{"id that splits the header", t.Context(), splitting},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := newDispatcher(t).Deliver(tt.ctx, tt.del)
			if result.Err == nil || result.OK() || result.Status != 0 || result.Problem() == "" {
				t.Fatalf("result %+v, want an error", result)
			}
			if strings.Contains(result.Err.Error(), "token") || strings.Contains(result.Err.Error(), "5a5a") {
				t.Errorf("error %q shows the path or the secret", result.Err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	stop := make(chan struct{})
	hook := newReceiver(t, func(w http.ResponseWriter, r *http.Request) { <-stop })
	defer close(stop)
	d := &mock.Dispatcher{Timeout: time.Second} // for dialling, too
	defer d.Close()
	result := d.Deliver(t.Context(), delivery(hook.URL))
	if !errors.Is(result.Err, wire.ErrTimeout) || result.Duration < time.Second {
		t.Errorf("result %+v, want %v", result, wire.ErrTimeout)
	}
}

func TestNoProxyFromEnvironment(t *testing.T) {
	proxy := newReceiver(t, nil)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	// A name that is not loopback, so that net/http would ask the environment.
	result := newDispatcher(t).Deliver(t.Context(), delivery("http://nowhere.invalid/"))
	if got := proxy.all(); result.Err == nil || len(got) != 0 {
		t.Errorf("result %+v, the proxy got %d requests", result, len(got))
	}
}

func TestTrustedRoots(t *testing.T) {
	edge := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	edge.Config.ErrorLog = log.New(io.Discard, "", 0)
	edge.StartTLS()
	defer edge.Close()
	trusting := newDispatcher(t)
	roots := x509.NewCertPool()
	roots.AddCert(edge.Certificate())
	trusting.TLS = &tls.Config{RootCAs: roots}
	if result := trusting.Deliver(t.Context(), delivery(edge.URL)); !result.OK() {
		t.Errorf("with the CA: %s", result.Problem())
	}
	if result := newDispatcher(t).Deliver(t.Context(), delivery(edge.URL)); result.Err == nil {
		t.Errorf("without the CA: %+v, want an error", result)
	}
}

func TestNamesBelowLocalhost(t *testing.T) {
	hook := newReceiver(t, nil)
	_, port, _ := net.SplitHostPort(hook.Listener.Addr().String())
	if result := newDispatcher(t).Deliver(t.Context(), delivery("http://otter.localhost:"+port+"/")); !result.OK() {
		t.Errorf("result: %s", result.Problem())
	}
}
