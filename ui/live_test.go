package ui_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"pictap/tunnel/store"
	"pictap/ui"
)

type frameJSON struct {
	Type, Epoch string
	Rev         *int64
	Deliveries  []summaryJSON
	Status      *struct{ Held int }
}

// A client is one page's socket, and what the page knows.
type client struct {
	t     testing.TB
	s     *server
	token string
	conn  *websocket.Conn

	rev    int64
	epoch  string
	rows   map[int64]summaryJSON
	frames int // with deliveries
	resets int
}

func newClient(t testing.TB, s *server, token string) *client {
	return &client{t: t, s: s, token: token, rev: -1, rows: map[int64]summaryJSON{}}
}

// dial connects where the client left off.
func (c *client) dial() {
	c.t.Helper()
	conn, res, err := c.s.socket(c.t, fmt.Sprintf("?since=%d&epoch=%s", c.rev, c.epoch), c.token, nil)
	if err != nil {
		c.t.Fatalf("dial: %v (%v)", err, res)
	}
	c.conn = conn
}

// socket opens the live socket.
func (s *server) socket(t testing.TB, query, token string, header http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Subprotocols: []string{"pictap.v1", "token." + token}, HandshakeTimeout: 10 * time.Second}
	conn, res, err := d.DialContext(t.Context(), "ws://"+s.addr+"/api/live"+query, header)
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return conn, res, err
}

// next reads one frame and does what a page does with it.
func (c *client) next() (frameJSON, error) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	_, data, err := c.conn.ReadMessage()
	if err != nil {
		return frameJSON{}, err
	}
	var f frameJSON
	if err := json.Unmarshal(data, &f); err != nil {
		c.t.Fatalf("frame %.200s: %v", data, err)
	}
	if bytes.Contains(data, []byte(`"header"`)) || bytes.Contains(data, []byte(`"body"`)) {
		c.t.Errorf("a frame carries bodies or headers: %.200s", data)
	}
	switch f.Type {
	case "hello":
		c.epoch, c.rev = f.Epoch, *f.Rev
	case "reset":
		c.resets++
		clear(c.rows)
	case "deliveries":
		c.frames++
		for _, d := range f.Deliveries {
			if old, ok := c.rows[d.Seq]; ok && old.Rev >= d.Rev {
				c.t.Errorf("%s comes with revision %d after %d", d.ID, d.Rev, old.Rev)
			}
			if d.Rev <= c.rev {
				c.t.Errorf("%s has revision %d, and we know up to %d", d.ID, d.Rev, c.rev)
			}
			c.rows[d.Seq] = d
		}
		c.rev = *f.Rev
	}
	return f, nil
}

// until reads frames to one that satisfies.
func (c *client) until(what string, satisfies func(frameJSON) bool) frameJSON {
	c.t.Helper()
	for {
		f, err := c.next()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", what, err)
		}
		if satisfies(f) {
			return f
		}
	}
}

func isType(name string) func(frameJSON) bool {
	return func(f frameJSON) bool { return f.Type == name }
}

// caughtUp reads until the client knows all that the store has now.
func (c *client) caughtUp(st *store.Store) {
	c.t.Helper()
	last, err := st.LastRev(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if c.rev < last {
		c.until(fmt.Sprintf("revision %d", last), func(frameJSON) bool { return c.rev >= last })
	}
}

// writeDeliveries records deliveries and an answer to each from some goroutines:
// at least n, and then more until enough is closed (nil means at once). It
// returns how many.
func writeDeliveries(t testing.TB, st *store.Store, n, goroutines int, enough <-chan struct{}) int {
	t.Helper()
	const bound = 100_000
	var next atomic.Int64
	more := func(i int) bool {
		if i < n || enough == nil {
			return i < n
		}
		select {
		case <-enough:
			return false
		default:
			return i < bound
		}
	}
	var wg sync.WaitGroup
	var written atomic.Int64
	for range goroutines {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; more(i); i = int(next.Add(1)) - 1 {
				d, err := st.Record(t.Context(), sample(i))
				if err == nil {
					_, err = st.AddAttempt(t.Context(), d.Seq, store.Attempt{Kind: store.Forward, At: time.Now(), Status: 200}, store.Done)
				}
				if err != nil {
					t.Error(err)
					return
				}
				written.Add(1)
			}
		})
	}
	wg.Wait()
	return int(written.Load())
}

// 1,000 deliveries and more from 8 goroutines, while three pages come, go and
// come back: each ends with what the store has.
func TestLiveNoGaps(t *testing.T) {
	st := openStore(t)
	st.Changed() // starts the store's own watcher
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"))
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
	const n = 2000
	written := make(chan struct{})
	go func() {
		defer close(written)
		writeDeliveries(t, st, n, 16, nil)
	}()
	fast.until("all deliveries", func(frameJSON) bool { return len(fast.rows) == n })
	<-written
	fast.caughtUp(st)
	slow.caughtUp(st)
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
	if frames > 200 {
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

func TestLiveHandshake(t *testing.T) {
	s := serve(t, ui.Options{Store: openStore(t)})
	token := s.login()
	origin := func(values ...string) http.Header { return http.Header{"Origin": values} }
	for name, tt := range map[string]struct {
		query, token string
		header       http.Header
		want         int
	}{
		"no origin":        {"", token, nil, 101},
		"own origin":       {"", token, origin(s.base), 101},
		"localhost":        {"", token, origin(strings.Replace(s.base, "127.0.0.1", "localhost", 1)), 101},
		"other origin":     {"", token, origin("http://evil.test"), 403},
		"other port":       {"", token, origin("http://127.0.0.1:1"), 403},
		"https":            {"", token, origin("https://" + s.addr), 403},
		"null":             {"", token, origin("null"), 403},
		"two":              {"", token, origin(s.base, s.base), 403},
		"wrong host":       {"", token, http.Header{"Host": {"evil.test"}}, 403},
		"rebound":          {"", token, http.Header{"Host": {"evil.test"}, "Origin": {"http://evil.test"}}, 403},
		"no token":         {"", "", nil, 401},
		"wrong token":      {"", token[1:] + "x", nil, 401},
		"token in query":   {"?token=" + token, "x", nil, 401},
		"bad revision":     {"?since=x", token, nil, 400},
		"bad revision too": {"?since=-2", token, nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			_, res, err := s.socket(t, tt.query, tt.token, tt.header)
			if res == nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.want {
				t.Errorf("handshake = %d, want %d", res.StatusCode, tt.want)
			}
			guarded(t, res.Header, "", token)
			if got := res.Header.Get("Sec-WebSocket-Protocol"); tt.want == 101 && got != "pictap.v1" {
				t.Errorf("the answer's protocol is %q", got)
			}
		})
	}
	t.Run("no deflate", func(t *testing.T) {
		_, res, err := s.socket(t, "", token, http.Header{"Sec-WebSocket-Extensions": {"permessage-deflate; client_max_window_bits"}})
		if err == nil && res.Header.Get("Sec-WebSocket-Extensions") != "" || res == nil {
			t.Errorf("extensions %v, %v", res, err)
		}
	})
	t.Run("another version", func(t *testing.T) {
		d := websocket.Dialer{Subprotocols: []string{"pictap.v2", "token." + token}}
		if _, res, err := d.DialContext(t.Context(), "ws://"+s.addr+"/api/live", nil); err == nil || res.StatusCode != 400 {
			t.Errorf("a page of another version: %v", err)
		}
	})
}

// Whatever a socket is fed, it is closed, and everything else goes on.
func TestLiveHostileFrames(t *testing.T) {
	st := openStore(t)
	s := serve(t, ui.Options{Store: st})
	token := s.login()
	witness := newClient(t, s, token)
	witness.dial()
	witness.until("status", isType("status"))
	mask := []byte{1, 2, 3, 4}
	masked := func(first byte, payload []byte) []byte {
		frame := []byte{first, 0x80 | byte(len(payload))}
		frame = append(frame, mask...)
		for i, b := range payload {
			frame = append(frame, b^mask[i%4])
		}
		return frame
	}
	huge := append([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0}, mask...) // text of 1 MiB
	for name, tt := range map[string]struct {
		send []byte
		code int
	}{
		"text":                   {masked(0x81, []byte(`{"type":"replay","id":"d1"}`)), websocket.ClosePolicyViolation},
		"binary":                 {masked(0x82, []byte{0, 1, 2}), websocket.ClosePolicyViolation},
		"1 MiB":                  {append(huge, bytes.Repeat([]byte{'a'}, 1<<20)...), websocket.CloseMessageTooBig},
		"2^63 bytes":             {append([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mask...), websocket.CloseMessageTooBig},
		"negative length":        {append([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, mask...), websocket.CloseAbnormalClosure},
		"bad UTF-8":              {masked(0x81, []byte{0xff, 0xfe}), websocket.ClosePolicyViolation},
		"unmasked":               {[]byte{0x81, 2, 'h', 'i'}, websocket.CloseProtocolError},
		"reserved bits":          {masked(0xf1, []byte("hi")), websocket.CloseProtocolError},
		"unknown opcode":         {masked(0x83, []byte("hi")), websocket.CloseProtocolError},
		"continuation of naught": {masked(0x80, []byte("hi")), websocket.CloseProtocolError},
		"endless fragments":      {append(masked(0x01, []byte("a")), bytes.Repeat(masked(0x00, []byte("a")), 10_000)...), websocket.ClosePolicyViolation},
		"fragmented ping":        {masked(0x09, []byte("a")), websocket.CloseProtocolError},
		"long ping":              {append([]byte{0x89, 0xfe, 0x01, 0x00}, mask...), websocket.CloseProtocolError},
		"closing with bad UTF-8": {masked(0x88, []byte{3, 232, 0xff}), websocket.CloseProtocolError},
		"closing with bad code":  {masked(0x88, []byte{0, 1}), websocket.CloseProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s, token)
			c.dial()
			c.until("status", isType("status"))
			go c.conn.NetConn().Write(tt.send) // what is too much is not taken
			var err error
			for err == nil {
				_, err = c.next()
			}
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != tt.code {
				t.Errorf("closed with %d, want %d", closed.Code, tt.code)
			} else if closed == nil && name != "1 MiB" && name != "endless fragments" { // there our closing word can be lost to a reset
				t.Errorf("ended with %v, want close code %d", err, tt.code)
			}
		})
	}
	t.Run("10,000 pings", func(t *testing.T) {
		c := newClient(t, s, token)
		c.dial()
		go c.conn.NetConn().Write(bytes.Repeat(masked(0x89, nil), 10_000))
		record(t, st, sample(1), 200)
		c.until("deliveries", isType("deliveries"))
	})
	record(t, st, sample(2), 200)
	witness.caughtUp(st)
	if got := s.do("GET", "/readyz", "", ""); got.status != 200 {
		t.Errorf("after all that /readyz = %d", got.status)
	}
}
