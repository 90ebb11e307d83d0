package tunnel_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Seeds are files of raw bytes in testdata/seeds: requests as they come to the
// receiver, and answers as they come from an app. In requests, PATH and SIGNATURE
// stand for the path of a hook and the right signature of what follows the head.
func seeds(t testing.TB, kind string) (list [][]byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "seeds", kind, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, data)
	}
	return list
}

func TestSeedsAreThere(t *testing.T) {
	for kind, want := range map[string]int{"request": 12} {
		if n := len(seeds(t, kind)); n < want {
			t.Errorf("%d seeds of kind %s, want at least %d", n, kind, want)
		}
	}
}

// A script is a connection that says what was written down, and then no more.
type script struct {
	io.Reader
	read   int
	closed chan struct{}

	mu      sync.Mutex // guards all below
	written bytes.Buffer
	once    sync.Once
}

func newScript(says []byte) *script {
	return &script{Reader: bytes.NewReader(says), closed: make(chan struct{})}
}

func (s *script) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read += n
	return n, err
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written.Write(p)
}

func (s *script) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (*script) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2} }
func (*script) SetDeadline(time.Time) error      { return nil }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }

// A stage is a listener for scripts.
type stage chan net.Conn

func (s stage) Accept() (net.Conn, error) {
	if c, ok := <-s; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (s stage) Addr() net.Addr { return &net.TCPAddr{} }
func (s stage) Close() error   { return nil }

// panics is a log that fails the test when it is told of a panic.
type panics struct{ t testing.TB }

func (p panics) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("panic")) {
		p.t.Errorf("%s", line)
	}
	return len(line), nil
}

// fuzzReceiver is a receiver with one hook, that keeps little.
func fuzzReceiver(f *testing.F) *tunnel.Receiver {
	f.Helper()
	s, err := store.Open(filepath.Join(f.TempDir(), store.FileName), store.Options{KeepCount: 100})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	rc := &tunnel.Receiver{Store: s, Hooks: &tunnel.Hooks{Install: install}, MaxBody: 64 << 10,
		Log: slog.New(slog.NewTextHandler(panics{f}, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	rc.Hooks.Set(tunnel.Hook{Token: token, Source: store.FromPictify, Secret: pictify.NewSecret(remoteKey)})
	return rc
}

// acceptedSince returns how many arrivals were counted as verified after rev, and
// fails the test for each that another implementation does not find so.
func acceptedSince(t *testing.T, s *store.Store, rev int64) (n int) {
	t.Helper()
	list, err := s.Since(t.Context(), rev, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Verdict != pictify.Valid {
			continue
		}
		n++
		whole, err := s.Get(t.Context(), d.Seq)
		if err != nil {
			t.Fatal(err)
		}
		signature := store.FieldValue(whole.Header, "X-Pictify-Signature")
		if !genuine(remoteKey, signature, whole.Body, time.Now()) {
			t.Errorf("%s was taken as genuine with %q", d.ID(), signature)
		}
	}
	return n
}

// genuine verifies a signature in the manner of the published samples, but for
// their tolerance of nonsense.
func genuine(key, header string, body []byte, now time.Time) bool {
	var at int64
	if _, after, ok := strings.Cut(","+header, ",t="); !ok {
		return false
	} else if _, err := fmt.Sscanf(after, "%d", &at); err != nil {
		return false
	}
	if age := now.Unix() - at; age > 301 || age < -301 { // a second for the test itself
		return false
	}
	_, want, _ := strings.Cut(sign(key, time.Unix(at, 0), body), "v1=")
	for part := range strings.SplitSeq(header, ",") {
		if got, ok := strings.CutPrefix(part, "v1="); ok && strings.EqualFold(got, want) {
			return true
		}
	}
	return false
}

// stageRequest fills in what a seed leaves open.
func stageRequest(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("PATH"), []byte("/in/"+install+"/"+token))
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return bytes.ReplaceAll(raw, []byte("SIGNATURE"), []byte(sign(remoteKey, time.Now(), body)))
}

// FuzzServed sends any bytes to a receiver. It answers requests, or hangs up; it
// says 2xx only to what it has stored, and stores as verified only what is.
func FuzzServed(f *testing.F) {
	for _, s := range seeds(f, "request") {
		f.Add(s)
	}
	rc := fuzzReceiver(f)
	ctx, cancel := context.WithCancel(context.Background())
	st := make(stage)
	var wg sync.WaitGroup
	wg.Go(func() { rc.Serve(ctx, st, time.Second) })
	f.Cleanup(func() { cancel(); close(st); wg.Wait() })
	f.Fuzz(func(t *testing.T, raw []byte) {
		rev, err := rc.Store.LastRev(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := newScript(stageRequest(raw))
		st <- c
		select {
		case <-c.closed:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection was not closed")
		}
		acknowledged := 0
		for br := bufio.NewReader(&c.written); ; {
			res, err := http.ReadResponse(br, nil)
			if err != nil {
				break
			}
			io.Copy(io.Discard, res.Body)
			if res.StatusCode < 100 || res.StatusCode >= 200 && res.StatusCode < 400 && res.StatusCode != 200 {
				t.Errorf("answered %s", res.Status)
			}
			if res.StatusCode == 200 {
				acknowledged++
			}
		}
		if n := acceptedSince(t, rc.Store, rev); n > acknowledged || (n == 0) != (acknowledged == 0) {
			t.Errorf("%d acknowledged, %d stored", acknowledged, n) // several arrivals may be one delivery
		}
	})
}

// FuzzReceiver gives the handler any header and body, past net/http.
func FuzzReceiver(f *testing.F) {
	f.Add("POST", true, "t=1,v1=00", "X-Pictify-Delivery-Id", "del_1", event(1))
	f.Add("POST", true, "SIGNATURE", "X-Pictify-Delivery-Id", "del_1", event(1))
	f.Add("POST", true, "SIGNATURE", "X-Pictify-Signature", "t=1,v1=00", []byte("{}"))
	f.Add("POST", true, "SIGNATURE,v1=ff", "Content-Encoding", "gzip", []byte("\x1f\x8b"))
	f.Add("POST", true, "v0=1,SIGNATURE", "Host", "x", []byte("null"))
	f.Add("POST", false, "SIGNATURE", "", "", []byte("{}"))
	f.Add("PUT", true, "SIGNATURE", "", "", []byte(`{"event":"","data":[]}`))
	f.Add("POST", true, "", "X-Pictify-Event", "render.completed", bytes.Repeat([]byte("["), 10_000))
	f.Add("POST", true, "SIGNATURE ", "x-pictify-signature", "SIGNATURE", []byte{0xff})
	rc := fuzzReceiver(f)
	f.Fuzz(func(t *testing.T, method string, ours bool, signature, name, value string, body []byte) {
		rev, err := rc.Store.LastRev(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", bytes.NewReader(body))
		r.Method, r.RequestURI = method, "/in/"+install+"/"+token
		if !ours {
			r.RequestURI += signature
		}
		good := sign(remoteKey, time.Now(), body)
		r.Header["X-Pictify-Signature"] = []string{strings.ReplaceAll(signature, "SIGNATURE", good)}
		if name != "" {
			r.Header.Add(name, strings.ReplaceAll(value, "SIGNATURE", good))
		}
		w := httptest.NewRecorder()
		rc.ServeHTTP(w, r)
		if w.Code < 200 || w.Code >= 300 && w.Code < 400 || w.Code >= 500 && w.Code != 503 {
			t.Errorf("answered %d", w.Code)
		}
		n := acceptedSince(t, rc.Store, rev)
		if (n == 1) != (w.Code == 200) || n > 1 {
			t.Errorf("answered %d with %d stored as verified", w.Code, n)
		}
		if w.Code == 200 && (method != "POST" || !ours && signature != "" || len(body) > 64<<10) {
			t.Errorf("%s of %d bytes to %s was accepted", method, len(body), r.RequestURI)
		}
	})
}

// FuzzHead reads any bytes as a request, as net/http does and as we do beside it.
// What is shown has to be what net/http found, in an order or in none.
func FuzzHead(f *testing.F) {
	for _, s := range seeds(f, "request") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		raw = stageRequest(raw)
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		head := tunnel.RememberHead(newScript(raw), make([]byte, 1+len(raw)%40))
		if len(head) > 65<<10 {
			t.Errorf("%d bytes are remembered", len(head))
		}
		list, ordered := tunnel.FieldsOf(r, head)
		framing := map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true}
		got := make(http.Header)
		for _, field := range list {
			if strings.ContainsAny(field.Name, ":\r\n") || strings.ContainsAny(field.Value, "\r\n") {
				t.Errorf("%q: %q is more than a field", field.Name, field.Value)
			}
			if name := http.CanonicalHeaderKey(field.Name); !framing[name] {
				got[name] = append(got[name], field.Value)
			} else if name == "Host" && field.Value != r.Host {
				t.Errorf("host %q, want %q", field.Value, r.Host)
			}
		}
		want := r.Header.Clone()
		for name := range framing {
			want.Del(name)
		}
		if ordered && len(want["Cache-Control"]) == 1 && len(got["Cache-Control"]) == 0 && len(got["Pragma"]) > 0 {
			want.Del("Cache-Control") // net/http's own
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ordered %t (-net/http +ours):\n%s", ordered, diff)
		}
	})
}
