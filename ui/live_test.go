package ui_test

import (
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"pictap/tunnel/leaktest"
	"pictap/tunnel/store"
	"pictap/ui"
)

// 1,000 deliveries and more from 8 goroutines, while three pages come, go and
// come back: each ends with what the store has.
func TestLiveNoGaps(t *testing.T) {
	st := openStore(t)
	st.Changed() // starts the store's own watcher
	defer leaktest.None(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"))
	s := serve(t, ui.Options{Store: st})
	defer s.stop()
	token := s.login()
	var wg sync.WaitGroup
	clients := make([]*client, 3)
	for i := range clients {
		c := newClient(t, s, token)
		clients[i] = c
		c.dial()
		c.until("hello", isType("hello"))
		random := rand.New(rand.NewPCG(uint64(i), 7))
		wg.Go(func() {
			for range 25 {
				for range random.IntN(6) {
					if _, err := c.next(); err != nil {
						t.Errorf("page %d: %v", i, err)
						return
					}
				}
				c.conn.NetConn().Close() // no goodbye
				c.dial()
			}
		})
	}
	cut := make(chan struct{})
	go func() {
		wg.Wait()
		close(cut)
	}()
	n := writeDeliveries(t, st, 1000, 8, cut)
	<-cut
	if t.Failed() {
		return
	}
	list, err := st.List(t.Context(), store.Query{Limit: n + 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range clients {
		c.caughtUp(st)
		if c.resets > 0 && 2*n > ui.BehindLimit { // it was stopped for so long that it had to start over, as it should
			c.conn.Close()
			continue
		}
		if len(c.rows) != n || len(list) != n {
			t.Errorf("page %d has %d rows, the store %d, want %d", i, len(c.rows), len(list), n)
		}
		for _, d := range list {
			if row := c.rows[d.Seq]; row.Rev != d.Rev || len(row.Attempts) != len(d.Attempts) || row.State != string(d.State) {
				t.Fatalf("page %d has %+v, the store %+v", i, row, d)
			}
		}
		if c.resets > 0 {
			t.Errorf("page %d was told to start over", i)
		}
		c.conn.Close()
	}
	t.Logf("%d deliveries, 25 cuts of each page", n)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestLiveHello(t *testing.T) {
	st := openStore(t)
	record(t, st, sample(0), 200) // revisions 1 and 2
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	for name, tt := range map[string]struct {
		rev   int64
		epoch string
		want  []string // types of frames, up to the status
		first int64    // hello's revision
	}{
		"knows nothing":      {-1, "", []string{"hello", "status"}, 2},
		"knows all":          {2, st.Epoch(), []string{"hello", "status"}, 2},
		"knows some":         {1, st.Epoch(), []string{"hello", "status", "deliveries"}, 1},
		"knows no epoch":     {0, "", []string{"hello", "status", "deliveries"}, 0},
		"from the future":    {3, st.Epoch(), []string{"hello", "reset", "status"}, 2},
		"from another store": {1, "other", []string{"hello", "reset", "status"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s, token)
			c.rev, c.epoch = tt.rev, tt.epoch
			c.dial()
			var got []string
			for range tt.want {
				f, err := c.next()
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, f.Type)
				if f.Type == "hello" && (*f.Rev != tt.first || f.Epoch != st.Epoch()) {
					t.Errorf("hello says %d of %s", *f.Rev, f.Epoch)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResumeRule(t *testing.T) {
	for _, tt := range []struct {
		name        string
		since, last int64
		known       bool
		rev         int64
		reset       bool
	}{
		{"nothing known", -1, 50, true, 50, false},
		{"nothing known of an empty store", -1, 0, true, 0, false},
		{"all known", 50, 50, true, 50, false},
		{"one behind", 49, 50, true, 49, false},
		{"at the limit", 0, ui.BehindLimit, true, 0, false},
		{"past the limit", 0, ui.BehindLimit + 1, true, ui.BehindLimit + 1, true},
		{"ahead", 51, 50, true, 50, true},
		{"another store", 10, 50, false, 50, true},
	} {
		if rev, reset := ui.Resume(tt.since, tt.last, tt.known); rev != tt.rev || reset != tt.reset {
			t.Errorf("%s: resume = %d, %v, want %d, %v", tt.name, rev, reset, tt.rev, tt.reset)
		}
	}
}

// A page that reads nothing for a while gets everything, in few large frames,
// and nobody waits for it meanwhile.
func TestLiveSlowPage(t *testing.T) {
	st := openStore(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, thin{l}, ui.Options{Store: st})
	token := s.login()
	slow, fast := newClient(t, s, token), newClient(t, s, token)
	slow.dial()
	slow.until("hello", isType("hello"))
	if err := slow.conn.NetConn().(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
	fast.dial()
	fast.until("hello", isType("hello"))
	const n = 1000
	written := make(chan struct{})
	go func() {
		defer close(written)
		writeDeliveries(t, st, n, 16, nil)
	}()
	fast.until("all deliveries", func(frameJSON) bool { return len(fast.rows) == n })
	<-written
	fast.caughtUp(st)
	for slow.rev < fast.rev {
		if _, err := slow.next(); err != nil {
			slow.dial() // the server may have given up on it, and takes it back
		}
	}
	if len(slow.rows) != n {
		t.Errorf("the slow page has %d rows, want %d", len(slow.rows), n)
	}
	t.Logf("%d changes came in %d frames to the fast page and in %d to the slow one", 2*n, fast.frames, slow.frames)
	if slow.frames > 2*n/10 {
		t.Errorf("the slow page got %d frames: what it missed did not come together", slow.frames)
	}
}

// A thin listener's connections hold little that is not read, so that a server
// feels a slow reader soon.
type thin struct{ net.Listener }

func (l thin) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(32 << 10)
	}
	return c, err
}

func TestLiveStatus(t *testing.T) {
	var mu sync.Mutex
	held := 0
	s := serve(t, ui.Options{Store: openStore(t), Status: func() ui.Status {
		mu.Lock()
		defer mu.Unlock()
		return ui.Status{Held: held}
	}})
	c := newClient(t, s, s.login())
	c.dial()
	c.until("status", isType("status"))
	for i := 1; i <= 3; i++ {
		mu.Lock()
		held = i
		mu.Unlock()
		s.Wake()
		if f := c.until("status", isType("status")); f.Status.Held != i {
			t.Errorf("status says %d held, want %d", f.Status.Held, i)
		}
	}
	began := time.Now()
	for range 10_000 { // far more often than anybody could read
		s.Wake()
	}
	mu.Lock()
	held = 7
	mu.Unlock()
	s.Wake()
	frames := 1
	for c.until("status", isType("status")).Status.Held != 7 {
		frames++
	}
	if frames > 200+int(time.Since(began)/(5*time.Millisecond)) { // one is due for each pause
		t.Errorf("10,000 wakes made %d frames", frames)
	}
}

// Closing says "going away", waits for the sockets, and takes no new ones.
func TestLiveClose(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	var clients []*client
	for range 3 {
		c := newClient(t, s, token)
		c.dial()
		c.until("status", isType("status"))
		clients = append(clients, c)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.Close()
	}()
	for _, c := range clients {
		_, err := c.next()
		for err == nil { // a beat may come before
			_, err = c.next()
		}
		if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("a page reads %v, want going away", err)
		}
	}
	<-closed
	if _, res, err := s.socket(t, "", token, nil); err == nil || res == nil || res.StatusCode != 503 {
		t.Errorf("a socket after Close: %v, want 503", err)
	}
	s.Close() // again is fine
}
