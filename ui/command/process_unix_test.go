//go:build unix

package command_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pictap/mock"
	"pictap/tunnel/ngroktest"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// These tests run the real binary as a user does, against a stand-in ngrok edge,
// the mock and an app, over real sockets. They send it signals, so they are for
// systems that have them.

const patience = 30 * time.Second // until a test gives up waiting for a process

// A process is a running pictap that writes NDJSON.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stderr bytes.Buffer // read it after wait
	done   chan struct{}

	mu    sync.Mutex // guards all below
	more  *sync.Cond
	lines []line
	read  int // lines that next has returned
	ended bool
}

type line map[string]any

func (l line) str(key string) string { s, _ := l[key].(string); return s }

// start runs pictap with a state directory of its own, unless env names one.
func start(t testing.TB, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, done: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	p.cmd = exec.Command(pictap(t), args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PICTAP_OUTPUT=json"}, env...)
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		in := bufio.NewScanner(out)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			var l line
			if err := json.Unmarshal(in.Bytes(), &l); err != nil {
				l = line{"type": "unreadable", "text": in.Text()}
			}
			p.mu.Lock()
			p.lines = append(p.lines, l)
			p.more.Broadcast()
			p.mu.Unlock()
		}
		p.cmd.Wait()
		p.mu.Lock()
		p.ended = true
		p.more.Broadcast()
		p.mu.Unlock()
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("%s: %s", strings.Join(args, " "), p.stderr.String())
		}
	})
	return p
}

// next returns the next line for which ok holds, skipping others.
func (p *process) next(what string, ok func(line) bool) line {
	p.t.Helper()
	deadline := time.Now().Add(patience) // before the call that wakes us to look at it
	timeout := time.AfterFunc(patience, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.more.Broadcast()
	})
	defer timeout.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for p.read < len(p.lines) {
			l := p.lines[p.read]
			p.read++
			if ok(l) {
				return l
			}
		}
		if p.ended || time.Now().After(deadline) {
			p.t.Fatalf("no line %s; got %v", what, p.lines)
		}
		p.more.Wait()
	}
}

func (p *process) nextType(typ string) line {
	p.t.Helper()
	return p.next(typ, func(l line) bool { return l.str("type") == typ })
}

// forwarded waits until the app has answered a delivery of that type with 200.
func (p *process) forwarded(event string) {
	p.t.Helper()
	d := p.next("of "+event, func(l line) bool { return l.str("type") == "delivery" && l.str("event") == event })
	if d.str("verdict") != "valid" {
		p.t.Fatalf("verdict %v", d)
	}
	p.next("that "+d.str("id")+" was answered", func(l line) bool {
		return l.str("type") == "forward" && l.str("id") == d.str("id") && l["status"] == 200.0
	})
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns the exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("still running after %s", patience)
	}
	return p.cmd.ProcessState.ExitCode()
}

// interrupt is Ctrl-C and the wait for a clean end.
func (p *process) interrupt() {
	p.t.Helper()
	p.signal(os.Interrupt)
	if code := p.wait(); code != 0 {
		p.t.Fatalf("exit code %d after Ctrl-C: %s", code, p.stderr.String())
	}
}

// A world is everything around a listen: an edge, a Pictify, an app.
type world struct {
	t     testing.TB
	edge  *ngroktest.Server
	mock  *mock.Server
	api   string
	app   *checkingApp
	state string
	env   []string
	other pictify.Subscription // a teammate's
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, edge: ngroktest.NewServer(ngroktest.Config{PortPerEndpoint: true}), state: t.TempDir()}
	t.Cleanup(w.edge.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, w.edge.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.mock = &mock.Server{Dispatcher: &mock.Dispatcher{TLS: &tls.Config{RootCAs: w.edge.CertPool()}}}
	srv := httptest.NewServer(w.mock)
	t.Cleanup(srv.Close)
	w.api = srv.URL
	w.env = []string{"PICTAP_STATE_DIR=" + w.state, "PICTIFY_BASE_URL=" + w.api, "PICTAP_NGROK_SERVER=" + w.edge.Addr(), "PICTAP_NGROK_CA=" + ca,
		"NGROK_AUTHTOKEN=2abcdefghijklmnopqrstuvwxyz_0123456789", "PICTAP_UI_ADDR=127.0.0.1:0", "PICTAP_RECEIVER_ADDR=127.0.0.1:0"}

	client := &pictify.Client{BaseURL: w.api, Key: pictify.NewSecret("any")}
	var err error
	w.other, err = client.Create(t.Context(), pictify.NewSubscription{Event: pictify.RenderCompleted, TargetURL: "http://127.0.0.1:9/in/0123/teammate"}, "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.run("secret", "show")
	if err != nil {
		t.Fatal(err)
	}
	w.app = newCheckingApp(t, strings.TrimSpace(out))
	return w
}

// run runs a command to its end and returns what it wrote to stdout.
func (w *world) run(args ...string) (string, error) {
	cmd := exec.Command(pictap(w.t), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.t.TempDir()}, w.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}

func (w *world) listen(args ...string) *process {
	w.t.Helper()
	return start(w.t, w.env, append([]string{"listen", w.app.URL + "/webhooks/pictify"}, args...)...)
}

// others fails the test unless the teammate's subscription is all that is left.
func (w *world) othersOnly() {
	w.t.Helper()
	subs := w.mock.Subscriptions()
	if len(subs) != 1 || subs[0].UID != w.other.UID || subs[0].TargetURL != w.other.TargetURL || subs[0].Status != w.other.Status {
		w.t.Errorf("Pictify has %+v, want the teammate's alone, as it was", subs)
	}
}

// emit has the mock send an event to our subscription of its type.
func (w *world) emit(typ pictify.EventType, n int) (ok bool) {
	w.t.Helper()
	ev, err := pictify.NewEvent(typ, time.Now(), map[string]any{"imageId": fmt.Sprintf("img_%d", n), "url": "https://cdn.pictify.io/x.png"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range w.mock.Emit(w.t.Context(), ev) {
		if d.Subscription != w.other.UID {
			ok = d.OK()
		}
	}
	return ok
}

// stored returns all deliveries that a state directory holds, with their bodies.
func (w *world) stored() []store.Delivery {
	w.t.Helper()
	s, err := store.Open(filepath.Join(w.state, store.FileName), store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	list, err := s.List(w.t.Context(), store.Query{Limit: 1 << 30})
	if err != nil {
		w.t.Fatal(err)
	}
	for i, d := range list {
		if list[i], err = s.Get(w.t.Context(), d.Seq); err != nil {
			w.t.Fatal(err)
		}
	}
	return list
}

// settled waits until nothing that is stored waits for the app.
func (w *world) settled() {
	w.t.Helper()
	s, err := store.Open(filepath.Join(w.state, store.FileName), store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	if !comesTrue(func() bool {
		c, err := s.Count(w.t.Context())
		return err == nil && c.Waiting == 0
	}) {
		w.t.Fatal("deliveries wait for ever")
	}
}

// reservedPort is a port of this machine that nobody else gets, and at which nobody
// listens before listen is called.
func reservedPort(t testing.TB) (addr string, listen func() net.Listener) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "reserved port")
	t.Cleanup(func() { file.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port), func() net.Listener {
		if err := syscall.Listen(fd, 128); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// A checkingApp is a developer's app: it verifies every signature with the one
// secret, by an implementation of its own, and counts.
type checkingApp struct {
	*httptest.Server
	secret string

	mu   sync.Mutex // guards all below
	got  map[string]int
	bad  int
	fail bool // answer 500
}

func newCheckingApp(t testing.TB, secret string) *checkingApp {
	a := &checkingApp{secret: secret, got: make(map[string]int)}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Server.Close)
	return a
}

func (a *checkingApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case !signedBy(a.secret, r.Header.Get("X-Pictify-Signature"), body.Bytes()):
		a.bad++
		w.WriteHeader(http.StatusUnauthorized)
	case a.fail:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		a.got[body.String()]++
	}
}

// times says how often each body was accepted.
func (a *checkingApp) times() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.got)
}

func (a *checkingApp) check(t testing.TB) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bad > 0 {
		t.Errorf("%d deliveries did not verify with the local secret", a.bad)
	}
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }
