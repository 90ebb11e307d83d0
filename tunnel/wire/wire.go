// Package wire sends HTTP/1.1 requests whose header arrives as it was given: the
// same fields in the same order, repeated ones apart. [net/http.Transport] sorts
// them and joins what was apart, which is why requests are written by hand here.
// Answers are read by net/http.
//
// It also gives every exchange on the goroutine of its caller, over connections
// that are kept, which is what makes thousands a second possible.
//
// Both halves of pictap send with it, the one that forwards deliveries and the
// one that plays Pictify. It knows nothing of either.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"pictap/tunnel/pictify"
)

// What can become of a request beside an answer and a [*DialError].
var (
	ErrBrokenOff = errors.New("closed the connection without an answer")
	ErrTimeout   = errors.New("no answer in time")
)

// A DialError says that no connection could be made. Retry is false when trying
// again cannot help.
type DialError struct {
	Reason string
	Retry  bool
}

func (e *DialError) Error() string { return e.Reason }

// A Client sends requests to one origin. Its fields must not change after the
// first use; its methods may be called from any goroutine. It follows no
// redirects and takes no proxy from the environment: a request goes where it was
// sent or nowhere.
type Client struct {
	Origin *url.URL    // scheme, http or https, and host; what else it has is not looked at
	TLS    *tls.Config // for https; nil means the system's roots

	// Allow is asked for each address at the moment of dialling, so that a name
	// cannot first be this machine and later another one. Nil allows all.
	Allow func(netip.Addr) error

	// Timeout is for one exchange, its dialling apart; 0 means as long as ctx lasts.
	// It is cheaper than a context with a deadline.
	Timeout time.Duration

	// MaxBody is how many bytes of an answer's body are read; a longer one costs
	// the connection. 0 means 1 MiB.
	MaxBody int64

	mu    sync.Mutex // guards all below
	idle  []*conn    // the longest idle first
	sweep *time.Timer
}

// A Request is what is sent. Nothing is added to it but Host and Content-Length.
type Request struct {
	Method string // "" means POST
	URI    string // as in the request line, "/path?query"
	Host   string
	Header []pictify.Field
	Tail   []pictify.Field // after Header
	Body   []byte
	// Send, unless nil, writes the request instead: slowly, in pieces, at a certain
	// moment. Head ends with the empty line. Its error is what an error of writing is.
	// It should end when ctx does, which also makes w fail.
	Send func(ctx context.Context, w io.Writer, head, body []byte) error
}

// An Answer is what came back.
type Answer struct {
	Status    int             // 0: there was none
	Header    []pictify.Field // names in canonical form and sorted
	Body      []byte          // at most MaxBody of it
	BrokenOff bool            // the body ended too early
	Longer    bool            // the body went on
	Reused    bool            // the connection had carried another request before
}

// Do sends a request and reads the answer. The error is a [*DialError],
// [ErrBrokenOff], [ErrTimeout] when ctx ends or Timeout is over before there is a
// status, or says
// what was wrong with the answer.
//
// A request that meets a connection which the other side has closed meanwhile is
// sent once more; nothing was answered to it.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	a, err := c.exchange(ctx, c.take, r)
	if errors.Is(err, errStale) { // another idle one may be as old
		a, err = c.exchange(ctx, c.dial, r)
	}
	return a, err
}

// Reach dials the origin and hangs up. The error is a [*DialError].
func (c *Client) Reach(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close() // not kept: an idle connection blocks a server that serves one at a time
}

// CloseIdle closes the connections that nobody uses. The Client may be used again.
func (c *Client) CloseIdle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.idle {
		conn.Close() // its error says nothing about a request
	}
	c.idle = nil
	if c.sweep != nil {
		c.sweep.Stop()
		c.sweep = nil
	}
}
