package ngroktest

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.ngrok.com/muxado/v2"
)

const (
	bufferSize  = 16 << 10
	reuseWithin = 5 * time.Second // a stream idle for longer may have been closed by the far server
	stuckAfter  = 5 * time.Second // far more than a sender needs to notice that it should stop
)

// A relay carries the requests of one public connection, one after the other,
// over proxy streams to an agent.
type relay struct {
	server *Server
	front  *front
	conn   net.Conn
	r      *bufio.Reader // from conn; flushes up.w before it blocks
	w      *bufio.Writer // to conn
	up     *upstream     // nil until the first request; changed only between two
	reqBuf []byte        // of the sending goroutine
	ansBuf []byte
}

// An upstream is one proxy stream: to the agent it is a connection accepted from
// its listener.
type upstream struct {
	endpoint *endpoint
	stream   muxado.Stream
	r        *bufio.Reader // from stream; flushes relay.w before it blocks
	w        *bufio.Writer // to stream
	used     time.Time     // end of the last exchange
	broken   bool          // by a failed write
}

// A flushReader flushes what was written in the other direction before it waits
// for more to read. So heads and small bodies travel in one frame, and nothing
// is held back while somebody waits for it.
type flushReader struct {
	io.Reader
	flush func() error
}

func (r flushReader) Read(p []byte) (int, error) {
	if err := r.flush(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func newRelay(s *Server, f *front, conn net.Conn) *relay {
	c := &relay{
		server: s, front: f, conn: conn,
		w:      bufio.NewWriterSize(conn, bufferSize),
		reqBuf: make([]byte, bufferSize),
		ansBuf: make([]byte, bufferSize),
	}
	c.r = bufio.NewReaderSize(flushReader{conn, func() error {
		if c.up != nil {
			c.up.w.Flush() // its errors are seen after the exchange
		}
		return nil
	}}, bufferSize)
	return c
}

// serve answers requests until one side is done with the connection.
func (c *relay) serve() {
	for c.serveOne() {
	}
	if c.up != nil {
		c.up.close()
	}
}

// serveOne relays one request and reports whether another may follow.
func (c *relay) serveOne() bool {
	req, err := readHead(c.r)
	if err != nil {
		if errors.Is(err, errMalformed) {
			c.refuse("400 Bad Request", "", err.Error())
		}
		return false
	}
	reqBody, err := req.requestBody()
	if err != nil {
		c.refuse("400 Bad Request", "", err.Error())
		return false
	}
	host := c.front.host
	if hosts := req.values("Host"); host == "" && len(hosts) == 1 {
		host = hosts[0]
	}
	ep := c.server.endpointFor(host)
	if ep == nil {
		c.refuse("404 Not Found", "ERR_NGROK_3200", fmt.Sprintf("The endpoint %s is offline.", host))
		return false
	}
	if err := c.connect(ep); err != nil {
		c.refuse("502 Bad Gateway", "ERR_NGROK_3004", err.Error())
		return false
	}
	return c.exchange(c.forwarded(req, host), reqBody)
}

// connect makes up a stream to ep: the last one if it can serve again.
func (c *relay) connect(ep *endpoint) error {
	if c.up != nil {
		if c.up.endpoint == ep && !c.up.broken && !c.server.cfg.StreamPerRequest && time.Since(c.up.used) < reuseWithin {
			return nil
		}
		c.up.close()
		c.up = nil
	}
	stream, err := ep.session.mux.OpenTypedStream(proxyStream)
	if err != nil {
		return fmt.Errorf("open proxy stream: %w", err)
	}
	header, err := json.Marshal(proxyHeader{
		ID:         ep.id,
		ClientAddr: c.conn.RemoteAddr().String(),
		Proto:      ep.proto,
		EdgeType:   "0",
	})
	if err != nil {
		return err
	}
	up := &upstream{endpoint: ep, stream: stream, w: bufio.NewWriterSize(stream, bufferSize)}
	up.r = bufio.NewReaderSize(flushReader{stream, c.w.Flush}, bufferSize)
	// The agent's JSON decoder must not find a byte beyond the header.
	binary.Write(up.w, binary.LittleEndian, int64(len(header))) // errors stay in up.w until its Flush
	up.w.Write(header)
	c.up = up
	return nil
}

// close ends the stream without waiting: a stream whose writer waits for flow
// control cannot be closed until its session is.
func (u *upstream) close() {
	u.endpoint.session.server.wg.Go(func() { u.stream.Close() })
}

// exchange sends a request, passes its answer back, and reports whether the
// connection can carry another. The sender goes on in the background while the
// answer comes, since a receiver may answer before it has read everything.
func (c *relay) exchange(req head, reqBody body) bool {
	sent := make(chan bool, 1)
	c.server.wg.Go(func() { sent <- c.send(req, reqBody) })
	alive := c.receive(req.method())

	c.conn.SetReadDeadline(time.Unix(1, 0)) // the sender waits for the caller's next byte
	select {
	case whole := <-sent:
		c.conn.SetReadDeadline(time.Time{})
		if whole && alive && req.keepsAlive() {
			c.up.used = time.Now()
			c.up.broken = c.up.w.Flush() != nil
			return true
		}
	case <-time.After(stuckAfter): // it waits for flow control, see upstream.close
	}
	c.linger()
	return false
}

// send passes a request on and then watches for the caller's leaving, which
// closes the stream, as the agent's server would see a connection go. It reports
// whether it read the whole request; when the stream breaks it reads on, so that
// the caller is ready for its answer.
func (c *relay) send(req head, reqBody body) (whole bool) {
	up := c.up
	for _, line := range req {
		up.w.WriteString(line)
	}
	err := copyBody(heedless{up.w}, c.r, reqBody, c.reqBuf)
	up.w.Flush()
	whole = err == nil
	if whole {
		_, err = c.r.Peek(1)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		up.close()
	}
	return whole
}

// A heedless writer does not fail: a bufio.Writer keeps its error for later.
type heedless struct{ w *bufio.Writer }

func (w heedless) Write(p []byte) (int, error) {
	w.w.Write(p)
	return len(p), nil
}

// receive passes the answer to a request with method back and reports whether
// both connections can be used again.
func (c *relay) receive(method string) (alive bool) {
	for {
		ans, err := readHead(c.up.r)
		if err == nil && (ans.status() == 0 || ans.status() == 101) {
			err = fmt.Errorf("%w: status line %q", errMalformed, trimEOL(ans[0]))
		}
		if err != nil {
			c.writeError("502 Bad Gateway", "ERR_NGROK_3004", err.Error())
			return false
		}
		for _, line := range ans {
			c.w.WriteString(line)
		}
		if ans.status() < 200 {
			continue // 100 Continue and the like: the answer is yet to come
		}
		ansBody, err := ans.responseBody(method)
		if err == nil {
			err = copyBody(c.w, c.up.r, ansBody, c.ansBuf)
		}
		if err == nil {
			err = c.w.Flush()
		}
		if err != nil {
			reset(c.conn) // the caller must see that this answer is cut
			return false
		}
		return ans.keepsAlive() && !ansBody.toEOF
	}
}
