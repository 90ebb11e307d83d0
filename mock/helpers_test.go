package mock_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pictap/mock"
	"pictap/tunnel/leaktest"
	"pictap/tunnel/pictify"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var testNow = time.Date(2026, 1, 29, 10, 30, 0, 0, time.UTC)

// random is a reproducible source of ids and secrets.
func random() io.Reader { return rand.NewChaCha8([32]byte{1}) }

// A clock stands still until it is moved. It may be read meanwhile.
type clock struct{ passed atomic.Int64 }

func (c *clock) now() time.Time          { return testNow.Add(time.Duration(c.passed.Load())) }
func (c *clock) advance(d time.Duration) { c.passed.Add(int64(d)) }

// start serves api on loopback and returns a client of it.
func start(t *testing.T, api *mock.Server) *pictify.Client {
	t.Helper()
	if api.Random == nil {
		api.Random = random()
	}
	if api.Now == nil {
		api.Now = func() time.Time { return testNow }
	}
	srv := httptest.NewServer(api)
	t.Cleanup(func() {
		srv.Close()
		api.Close()
	})
	client := srv.Client()
	client.Timeout = time.Minute
	return &pictify.Client{BaseURL: srv.URL, Key: pictify.NewSecret("pk_test_1"), HTTP: client}
}

// create makes a subscription or fails the test.
func create(t *testing.T, c *pictify.Client, n pictify.NewSubscription) pictify.Subscription {
	t.Helper()
	s, err := c.Create(t.Context(), n, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A receiver is somebody's webhook handler. It keeps what it gets.
type receiver struct {
	*httptest.Server
	handle http.HandlerFunc // nil answers 200

	mu  sync.Mutex
	got []received
}

type received struct {
	method, path string
	header       http.Header
	body         []byte
}

func newReceiver(t *testing.T, handle http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{handle: handle}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.got = append(r.got, received{req.Method, req.RequestURI, req.Header.Clone(), body})
	r.mu.Unlock()
	if r.handle != nil {
		r.handle(w, req)
	}
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// one returns the only request that arrived.
func (r *receiver) one(t *testing.T) received {
	t.Helper()
	all := r.all()
	if len(all) != 1 {
		t.Fatalf("the receiver got %d requests, want 1", len(all))
	}
	return all[0]
}

// signature computes the header without the package that is under test.
func signature(secret string, at time.Time, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(h.Sum(nil)))
}

// ask sends one request with a raw path and returns status, header and body.
func ask(t *testing.T, c *pictify.Client, method, path, body string, header http.Header) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.BaseURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	for name, values := range header {
		if name == "Host" {
			req.Host = values[0]
			continue
		}
		req.Header[name] = values
	}
	resp, err := c.HTTP.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(answer)
}

// event returns an event with the given data.
func event(t pictify.EventType, data string) pictify.Event {
	return pictify.Event{Type: t, Timestamp: testNow, Data: []byte(data)}
}
