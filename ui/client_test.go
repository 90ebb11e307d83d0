package ui_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"pictap/tunnel/store"
)

type frameJSON struct {
	Type, Epoch string
	Rev         *int64
	Deliveries  []summaryJSON
	Status      *struct{ Held int }
	IDs         []string
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
	case "removed":
		for _, id := range f.IDs {
			seq, err := store.ParseID(id)
			if err != nil {
				c.t.Error(err)
			}
			delete(c.rows, seq)
		}
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
	for deadline := time.Now().Add(patience); ; {
		f, err := c.next()
		if err == nil && time.Now().After(deadline) {
			err = errors.New("only beats come")
		}
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
