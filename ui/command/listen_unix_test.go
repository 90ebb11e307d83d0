//go:build unix

package command_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pictap/tunnel/ngroktest"
	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// signedBy checks a signature as the documentation describes it.
func signedBy(secret, header string, body []byte) bool {
	t, v1, ok := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	at, err := strconv.ParseInt(t, 10, 64)
	if !ok || err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", t, body)
	return hex.EncodeToString(mac.Sum(nil)) == v1
}

func TestListenThroughTheEdge(t *testing.T) {
	w := newWorld(t)
	p := w.listen()
	ready := p.nextType("ready")
	if ready["probed"] != true || ready.str("mode") != "ngrok" || len(ready["hooks"].([]any)) != 4 {
		t.Errorf("ready: %v, want probed, ngrok, four hooks", ready)
	}
	for _, sub := range w.mock.Subscriptions() {
		if sub.UID != w.other.UID && !strings.HasPrefix(sub.TargetURL, ready.str("public_url")+"/in/") {
			t.Errorf("%s points to %s, not into %s", sub.Event, sub.TargetURL, ready.str("public_url"))
		}
	}
	for i, typ := range pictify.Subscribable() {
		if !w.emit(typ, i) {
			t.Errorf("%s was not acknowledged", typ)
		}
		p.forwarded(string(typ))
	}
	p.interrupt()
	w.othersOnly()
	w.app.check(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.edge.WaitOnline(ctx, 0); err != nil {
		t.Errorf("tunnel still open: %v", err)
	}
	bye := p.nextType("bye")
	if len(bye["removed"].([]any)) != 4 || len(bye["left"].([]any)) != 0 {
		t.Errorf("bye: %v, want four removed and none left", bye)
	}
}

func TestSessionDroppedInTheMiddle(t *testing.T) {
	w := newWorld(t)
	p := w.listen()
	before := p.nextType("ready").str("public_url")
	w.edge.DropSessions()
	if back := p.nextType("reconnected"); back.str("public_url") != before {
		t.Errorf("back at %s, want %s", back.str("public_url"), before)
	}
	if !w.emit(pictify.RenderCompleted, 1) {
		t.Error("not acknowledged after the reconnect")
	}
	p.forwarded("render.completed")
	p.interrupt()
	w.othersOnly()
}

func TestNewURLAfterReconnect(t *testing.T) {
	w := newWorld(t)
	p := w.listen()
	before := p.nextType("ready").str("public_url")
	w.edge.RenameOnRebind(true)
	w.edge.DropSessions()
	after := p.nextType("reconnected").str("public_url")
	if after == before {
		t.Fatalf("still at %s", before)
	}
	for range 4 {
		p.next("that a subscription was moved", func(l line) bool { return l.str("type") == "subscription" && l.str("status") == "moved" })
	}
	for i, typ := range pictify.Subscribable() {
		if !w.emit(typ, i) {
			t.Errorf("%s was not acknowledged at the new URL", typ)
		}
		p.forwarded(string(typ))
	}
	p.interrupt()
	w.othersOnly()
}

// Opening the tunnel anew is refused for a while, as when the dead session still
// counts: it is tried again, visibly, and heals without the user.
func TestReopeningIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	p := w.listen()
	before := p.nextType("ready").str("public_url")
	var tries atomic.Int64
	w.edge.RejectAuth(func(string) *ngroktest.Error {
		if n := tries.Add(1); n > 1 && n <= 5 { // the first is the SDK's own reconnect
			return &ngroktest.Error{Code: "ERR_NGROK_108"}
		}
		return nil
	})
	w.edge.RenameOnRebind(true)
	w.edge.DropSessions()
	p.next("that ngrok refuses", func(l line) bool { return l.str("type") == "reconnecting" && strings.Contains(l.str("error"), "108") })
	if after := p.nextType("reconnected").str("public_url"); after == before {
		t.Errorf("still at %s", before)
	}
	if !w.emit(pictify.RenderCompleted, 1) {
		p.next("that a subscription was moved", func(l line) bool { return l.str("status") == "moved" })
		if !w.emit(pictify.RenderCompleted, 2) {
			t.Error("not acknowledged at the new URL")
		}
	}
	p.interrupt()
	w.othersOnly()
}

func TestAppDownForAWhile(t *testing.T) {
	w := newWorld(t)
	addr, listen := reservedPort(t)
	p := start(t, w.env, "listen", "http://"+addr+"/webhooks/pictify")
	p.nextType("ready")
	const n = 20
	for i := range n {
		if !w.emit(pictify.RenderCompleted, i) {
			t.Fatalf("event %d was not acknowledged while the app is down", i)
		}
	}
	p.next("that 20 are held", func(l line) bool { return l.str("type") == "held" && l["waiting"] == float64(n) })
	srv := &http.Server{Handler: w.app}
	go srv.Serve(listen())
	defer srv.Close()
	p.next("that none is held", func(l line) bool { return l.str("type") == "held" && l["waiting"] == 0.0 })
	w.settled()
	p.interrupt()
	w.app.check(t)
	if got := w.app.times(); len(got) != n {
		t.Errorf("the app got %d, want %d", len(got), n)
	}
}

// Every delivery that was answered 2xx is stored byte for byte whatever moment
// the process is killed at, the app gets each of them in the end, and no
// subscription of ours is left behind, nor anybody else's touched.
func TestKilledUnderLoad(t *testing.T) {
	w := newWorld(t)
	rounds := 50
	if s := os.Getenv("PICTAP_TEST_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	acked := make(map[string]bool)
	var n atomic.Int64
	chance := rand.New(rand.NewPCG(1, 2)) // the moments differ anyway
	for range rounds {
		p := w.listen("--tunnel", "none", "--no-ui")
		p.nextType("ready")
		killAt := int64(chance.IntN(60))
		var got atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for i := 0; i < 500 && alive(p.cmd.Process.Pid); i++ {
					id := n.Add(1)
					ev, err := pictify.NewEvent(pictify.RenderCompleted, time.Unix(1_790_000_000, 0), map[string]any{"imageId": fmt.Sprint(id), "url": "u"})
					if err != nil {
						t.Error(err)
						return
					}
					for _, d := range w.mock.Emit(t.Context(), ev) {
						if d.Subscription != w.other.UID && d.OK() {
							mu.Lock()
							acked[string(ev.WithDeliveryID(d.ID).Body())] = true
							mu.Unlock()
							if got.Add(1) == killAt+1 {
								p.cmd.Process.Kill()
								return
							}
						}
					}
					if got.Load() > killAt {
						return
					}
				}
			})
		}
		wg.Wait()
		p.cmd.Process.Kill()
		p.wait()
	}
	p := w.listen("--tunnel", "none", "--no-ui")
	p.nextType("ready")
	p.interrupt() // waits for what is still to be forwarded
	w.othersOnly()

	found := make(map[string]int)
	for _, d := range w.stored() {
		found[string(d.Body)]++
		if d.Verdict == pictify.Valid && d.State != store.Done {
			t.Errorf("%s is %s, want done", d.ID(), d.State)
		}
	}
	got := w.app.times()
	for body := range acked {
		if found[body] != 1 {
			t.Fatalf("acknowledged and stored %d times: %s", found[body], body)
		}
		if got[body] == 0 {
			t.Fatalf("acknowledged and never seen by the app: %s", body)
		}
	}
	w.app.check(t)
	t.Logf("%d rounds, %d acknowledged, %d stored", rounds, len(acked), len(found))
	if len(acked) < rounds {
		t.Errorf("only %d deliveries were acknowledged in %d rounds", len(acked), rounds)
	}
}

func TestKilledThenReaped(t *testing.T) {
	w := newWorld(t)
	p := w.listen()
	p.nextType("ready")
	p.signal(syscall.SIGKILL)
	p.wait()
	if n := len(w.mock.Subscriptions()); n != 5 {
		t.Fatalf("%d subscriptions after kill -9, want ours and the teammate's", n)
	}
	out, err := w.run("subs", "prune", "--yes")
	if err != nil {
		t.Fatalf("subs prune: %v %s", err, out)
	}
	w.othersOnly()
}

func TestSecondListenSaysWhoIsFirst(t *testing.T) {
	w := newWorld(t)
	first := w.listen()
	first.nextType("ready")
	second := w.listen()
	if code := second.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if msg := second.nextType("error").str("message"); !strings.Contains(msg, fmt.Sprint(first.cmd.Process.Pid)) {
		t.Errorf("message %q does not name process %d", msg, first.cmd.Process.Pid)
	}
	if !w.emit(pictify.RenderCompleted, 1) {
		t.Error("the first one was disturbed")
	}
	first.forwarded("render.completed")
	out, err := w.run("replay", "last")
	if err != nil || !strings.Contains(out, "200") {
		t.Errorf("replay beside a running listen: %v, %s", err, out)
	}
	first.next("that the replay was seen", func(l line) bool { return l.str("type") == "forward" && l.str("kind") == "replay" })
	first.signal(syscall.SIGKILL)
	first.wait()
	third := w.listen()
	third.nextType("ready") // the kernel has dropped the lock
	third.interrupt()
	w.othersOnly()
}

func TestSecondInterruptLeavesListen(t *testing.T) {
	w := newWorld(t)
	first := w.listen()
	first.nextType("ready")
	first.signal(os.Interrupt)
	again := time.AfterFunc(100*time.Millisecond, func() { first.cmd.Process.Signal(os.Interrupt) })
	code := first.wait()
	again.Stop()
	if code != 130 && code != 0 { // it may have been quicker
		t.Errorf("exit code %d, want 130", code)
	}
	p := w.listen()
	p.nextType("ready")
	p.interrupt()
	w.othersOnly()
}

func TestStartErrors(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name string
		env  []string
		args []string
		code int
		says string
	}{
		{"no authtoken", []string{"NGROK_AUTHTOKEN="}, nil, 3, "authtoken"},
		{"no API key", []string{"PICTIFY_BASE_URL="}, nil, 3, "no Pictify API key"},
		{"no such edge", []string{"PICTAP_NGROK_SERVER=127.0.0.1:1"}, nil, 4, "cannot reach ngrok"},
		{"no such API", []string{"PICTIFY_BASE_URL=http://127.0.0.1:1"}, nil, 4, "connection refused"},
		{"no such flag", nil, []string{"--nonsense"}, 2, "unknown flag"},
		{"a remote app", nil, []string{"-f", "http://192.0.2.1/"}, 2, "twice"},
		{"an event that is none", nil, []string{"-e", "render.complete"}, 2, "render.complete"},
		{"a public page", nil, []string{"--ui-addr", "0.0.0.0:4455"}, 2, "loopback"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, append(w.env, tt.env...), append([]string{"listen", "3000"}, tt.args...)...)
			if code := p.wait(); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if msg := p.nextType("error").str("message"); !strings.Contains(msg, tt.says) {
				t.Errorf("says %q, want %q in it", msg, tt.says)
			}
			w.othersOnly()
		})
	}
}

func TestUnreadableDatabaseIsPutAside(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(w.state, store.FileName)
	garbage := strings.Repeat("this is not a database\n", 1000)
	if err := os.WriteFile(path, []byte(garbage), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.run("events", "list"); err == nil || !strings.Contains(err.Error(), "not a readable database") {
		t.Errorf("events list: %v", err)
	}
	p := w.listen()
	p.next("that it was put aside", func(l line) bool {
		return l.str("type") == "warning" && strings.Contains(l.str("message"), "put aside")
	})
	p.nextType("ready")
	if !w.emit(pictify.RenderCompleted, 1) {
		t.Error("not acknowledged")
	}
	p.interrupt()
	aside, err := filepath.Glob(path + ".corrupt-*")
	if err != nil || len(aside) != 1 {
		t.Fatalf("put aside: %v, %v", aside, err)
	}
	if got, err := os.ReadFile(aside[0]); err != nil || string(got) != garbage {
		t.Errorf("what was put aside has changed: %v", err)
	}
}

// A tool that is piped into head must end, and clean up, when head has seen
// enough.
func TestClosedStdoutEndsListening(t *testing.T) {
	w := newWorld(t)
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(pictap(t), "listen", w.app.URL, "--output", "json")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, w.env...)
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	in := bufio.NewReader(r)
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, `"ready"`) {
			break
		}
	}
	r.Close()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	w.emit(pictify.RenderCompleted, 1) // something to say
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("ended with %v, want success", err)
		}
	case <-time.After(patience):
		cmd.Process.Kill()
		t.Fatal("still running")
	}
	w.othersOnly()
}

func TestTakenPorts(t *testing.T) {
	w := newWorld(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := w.listen("--ui-addr", taken.Addr().String())
	if code := p.wait(); code != 1 {
		t.Errorf("exit code %d for a page's port that is taken, want 1", code)
	}
	if hint := p.nextType("error").str("hint"); !strings.Contains(hint, "another") {
		t.Errorf("hint %q", hint)
	}
	w.othersOnly()
}
