package ui_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/ui"
)

func openStore(t testing.TB) *store.Store {
	t.Helper()
	return openStoreAt(t, filepath.Join(t.TempDir(), store.FileName))
}

func openStoreAt(t testing.TB, path string) *store.Store {
	t.Helper()
	st, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// A server is a page with everything but the rest of pictap.
type server struct {
	*ui.Handler
	t    testing.TB
	addr string // "127.0.0.1:4455"
	base string // "http://127.0.0.1:4455"
	stop func() // ends it; again and again is fine
}

// serve runs a page on a free port until the test ends.
func serve(t testing.TB, o ui.Options) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, o)
}

func serveOn(t testing.TB, l net.Listener, o ui.Options) *server {
	t.Helper()
	h, err := ui.New(o, l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	hs := &http.Server{Handler: h, ReadHeaderTimeout: patience}
	done := make(chan struct{})
	go func() {
		defer close(done)
		hs.Serve(l) // returns when closed
	}()
	s := &server{Handler: h, t: t, addr: l.Addr().String(), base: "http://" + l.Addr().String()}
	s.stop = func() {
		h.Close()
		hs.Close()
		<-done
	}
	t.Cleanup(s.stop)
	return s
}

// port listens again where a server that has been stopped was. Somebody else may have the port
// for a moment.
func (s *server) port() net.Listener {
	s.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(patience); ; <-again.C {
		l, err := net.Listen("tcp", s.addr)
		if err == nil {
			return l
		}
		if time.Now().After(end) {
			s.t.Fatal(err)
		}
	}
}

// code returns the one-time code of the launch link.
func (s *server) code() string {
	_, code, _ := strings.Cut(s.LaunchURL(), "#code=")
	return code
}

type grant struct{ Token, Resume, Epoch string }

// exchange posts a one-time key to /api/session.
func (s *server) exchange(kind, key string) (grant, int) {
	s.t.Helper()
	body, _ := json.Marshal(map[string]string{kind: key})
	res := s.do("POST", "/api/session", "", string(body))
	var g grant
	if res.status == http.StatusOK {
		res.into(s.t, &g)
	}
	return g, res.status
}

// login returns a token.
func (s *server) login() string {
	s.t.Helper()
	g, status := s.exchange("code", s.code())
	if status != http.StatusOK {
		s.t.Fatalf("exchange of the launch code = %d, want 200", status)
	}
	return g.Token
}

type result struct {
	status int
	header http.Header
	body   []byte
}

func (r result) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("answer %q: %v", r.body, err)
	}
}

// do makes one request; POSTs are JSON.
func (s *server) do(method, path, token, body string) result {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/json")
	}
	return s.send(req)
}

func (s *server) send(req *http.Request) result {
	s.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return result{res.StatusCode, res.Header, data}
}

// sample returns the n-th of an endless row of plausible deliveries.
func sample(n int) store.Delivery {
	bodies := []string{
		`{"event":"render.completed","timestamp":"2026-01-29T10:30:00Z","data":{"type":"image","source":"api","imageId":"img_NNNN","url":"https://cdn.pictify.io/renders/NNNN.png","userStorageUrl":"https://your-bucket.s3.amazonaws.com/NNNN.png","width":1200,"height":630,"format":"png","templateId":"tmpl_blog_card","variables":{"title":"Shipping is a feature","author":{"name":"Ada","tags":["go","webhooks"]},"draft":false,"score":4.50},"renderedAt":"2026-01-29T10:30:00Z"}}`,
		`{"event":"render.failed","timestamp":"2026-01-29T10:30:00Z","data":{"type":"image","source":"api","templateId":"tmpl_missing","error":"Template not found","errorCode":"TEMPLATE_NOT_FOUND","variables":{"title":"Hello NNNN"}}}`,
		`{"event":"batch.completed","timestamp":"2026-01-29T10:30:00Z","data":{"batchId":"batch_NNNN","templateUid":"tmpl_xyz789","status":"completed","totalCount":500,"completedCount":498,"failedCount":2,"duration":45000}}`,
		`{"event":"binding.updated","timestamp":"2026-01-29T10:30:00Z","data":{"bindingId":"bind_stars","templateUid":"tmpl_xyz789","imageUrl":"https://cdn.pictify.io/bindings/NNNN.png","previousData":{"stars":100},"newData":{"stars":105}}}`,
		`{"event":"binding.failed","timestamp":"2026-01-29T10:30:00Z","data":{"bindingId":"bind_stars","error":"Data source returned 500","retryCount":3,"nextRetry":"2026-01-29T11:00:00Z"}}`,
		`{"event":"batch.failed","timestamp":"2026-01-29T10:30:00Z","data":{"batchId":"batch_NNNN","templateUid":"tmpl_xyz789","status":"failed","totalCount":80,"completedCount":0,"failedCount":80}}`,
	}
	body := []byte(strings.ReplaceAll(bodies[n%len(bodies)], "NNNN", fmt.Sprintf("%04d", n)))
	e, err := pictify.ParseEvent(body)
	if err != nil {
		panic(err) // the bodies are ours
	}
	id := fmt.Sprintf("del_%06x", n*7919%0xffffff)
	return store.Delivery{
		ReceivedAt: time.Now(), Event: e.Type, About: e.About(), DeliveryID: id,
		Hook: "h", Subscription: "sub_7Hq2", Source: store.FromPictify, Verdict: pictify.Valid, State: store.Waiting,
		Method: "POST", Path: "/in/k3v9/2f6d1c9a7be04c55", Remote: "203.0.113.7",
		Header: []store.Field{
			{Name: "Host", Value: "acme-dev.ngrok-free.app"},
			{Name: "User-Agent", Value: "Pictify-Webhooks/1.0"},
			{Name: "Content-Type", Value: "application/json"},
			{Name: "X-Pictify-Event", Value: string(e.Type)},
			{Name: "X-Pictify-Delivery-Id", Value: id},
			{Name: "X-Pictify-Signature", Value: "t=1769682600,v1=5f2b8e0c9d7a4f1e6b3c8d2a9f0e7b4c1d6a3f8e5b2c9d0a7f4e1b6c3d8a5f2e"},
			{Name: "X-Forwarded-For", Value: "203.0.113.7"},
			{Name: "X-Forwarded-Proto", Value: "https"},
		},
		Body: body, BodySize: int64(len(body)), Proof: fmt.Appendf(nil, "%016d", n),
	}
}

// record stores a delivery and, with a status, the app's answer to it.
func record(t testing.TB, st *store.Store, d store.Delivery, status int) store.Delivery {
	t.Helper()
	d, err := st.Record(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if status > 0 {
		answer(t, st, d, store.Attempt{Kind: store.Forward, Status: status, Duration: 3100 * time.Microsecond})
	}
	return d
}

// answer adds an attempt to a stored delivery.
func answer(t testing.TB, st *store.Store, d store.Delivery, a store.Attempt) {
	t.Helper()
	if a.At.IsZero() {
		a.At = time.Now()
	}
	if a.URL == "" {
		a.URL = "http://localhost:3000/webhooks/pictify"
	}
	state := store.Failed
	if a.OK() {
		state = store.Done
	}
	if _, err := st.AddAttempt(t.Context(), d.Seq, a, state); err != nil {
		t.Fatal(err)
	}
}
