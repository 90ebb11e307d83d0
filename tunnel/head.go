package tunnel

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync"

	"pictap/tunnel/store"
)

// net/http gives a request's header as a map: order and case are gone, and with
// them what a person wants to see and an app may depend on. So the connection
// remembers the head's bytes as they pass, and the handler takes the order from
// there. What net/http parsed remains the truth: if the two do not agree, the
// order is dropped, not the parse.

// maxHead is how much of a head is remembered. The server refuses larger ones.
const maxHead = 64 << 10

// A headConn remembers the bytes of the request head that is being read.
type headConn struct {
	net.Conn

	mu   sync.Mutex // guards all below: net/http reads from two goroutines
	head []byte
	done bool // head is complete, or too long to remember
}

func (c *headConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || n == 0 {
		return n, err
	}
	from := max(0, len(c.head)-3)
	c.head = append(c.head, p[:n]...)
	if i := bytes.Index(c.head[from:], []byte("\r\n\r\n")); i >= 0 {
		c.head, c.done = c.head[:from+i+2], true
	} else if len(c.head) > maxHead {
		c.head, c.done = nil, true
	}
	return n, err
}

// take returns the remembered head. What is read from now on until the body's
// end belongs to no head.
func (c *headConn) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	head := c.head
	c.head, c.done = nil, true
	return head
}

// next makes the connection remember from here on. It is called when a body has
// been read to its end, before the answer: what comes after is the next head,
// and a quick client may send it at any moment.
func (c *headConn) next() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head, c.done = nil, false
}

// A headListener wraps every connection in a headConn and turns away those over
// the limit, so that idle connections cannot use up all descriptors.
type headListener struct {
	net.Listener
	slots chan struct{}
}

func (l headListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &slotConn{headConn: headConn{Conn: c}, slots: l.slots}, nil
		default:
			c.Close() // its error says nothing: we are turning it away
		}
	}
}

// A slotConn gives its slot back when it is closed.
type slotConn struct {
	headConn
	slots <-chan struct{}
	once  sync.Once
}

func (c *slotConn) Close() error {
	c.once.Do(func() { <-c.slots })
	return c.Conn.Close()
}

type headKey struct{}

func withHead(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, headKey{}, c)
}

func headOf(ctx context.Context) *headConn {
	if c, ok := ctx.Value(headKey{}).(*slotConn); ok {
		return &c.headConn
	}
	return nil
}

// fields returns the request's header fields in the order received, Host
// included, or in Go's order where that is not known.
func fields(r *http.Request, head []byte) []store.Field {
	if list := parseHead(head); agree(r, list) {
		return list
	}
	list := []store.Field{{Name: "Host", Value: r.Host}}
	for _, name := range sortedKeys(r.Header) {
		for _, v := range r.Header[name] {
			list = append(list, store.Field{Name: name, Value: v})
		}
	}
	return list
}

// parseHead splits a head into fields, without judging it.
func parseHead(head []byte) []store.Field {
	_, rest, ok := strings.Cut(string(head), "\r\n")
	if !ok {
		return nil
	}
	list := make([]store.Field, 0, 16)
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		list = append(list, store.Field{Name: name, Value: strings.Trim(value, " \t")})
	}
	return list
}

// agree reports whether list has exactly the fields that net/http found, but for
// those of framing, which net/http keeps elsewhere, and one that it invents.
func agree(r *http.Request, list []store.Field) bool {
	if len(list) == 0 {
		return false
	}
	seen := make(map[string]int, len(r.Header))
	for _, f := range list {
		if strings.Contains(f.Value, "\n") {
			return false // to net/http a bare LF ends a line as well
		}
		key := http.CanonicalHeaderKey(f.Name)
		switch key {
		case "Host":
			if f.Value != r.Host {
				return false
			}
			continue
		case "Transfer-Encoding", "Content-Length", "Trailer": // net/http keeps some of these elsewhere
			continue
		}
		i := seen[key]
		if values := r.Header[key]; i >= len(values) || values[i] != f.Value {
			return false
		}
		seen[key] = i + 1
	}
	for key, values := range r.Header {
		if key == "Cache-Control" && seen[key] == 0 && seen["Pragma"] > 0 {
			continue // net/http writes "Pragma: no-cache" in newer words as well
		}
		if key != "Content-Length" && seen[key] != len(values) {
			return false
		}
	}
	return true
}
