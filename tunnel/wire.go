package tunnel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"pictap/tunnel/store"
)

// Requests to the app are written by hand, because http.Transport sorts header
// fields and joins what was apart. Answers are read by net/http.

var (
	errBrokenOff = errors.New("closed the connection without an answer")
	errStaleConn = errors.New("idle connection had been closed")
	errTimeout   = errors.New("no answer in time")
)

const (
	answerHead     = 256 << 10 // bytes of an answer's head
	answerBody     = 1 << 20   // bytes read of its body; what is longer costs the connection
	answerExtra    = 5         // 1xx answers before the real one
	appDialTimeout = 5 * time.Second
	idleConns      = 64
)

// attempt sends a delivery once and describes what came of it. The error, also
// in words in the Attempt, is a *dialError, errBrokenOff, errTimeout, or what
// was wrong with the answer.
func (f *Forwarder) attempt(ctx context.Context, d *store.Delivery, kind string) (store.Attempt, error) {
	a := store.Attempt{Kind: kind, At: f.Now(), URL: f.Target.String()}
	start := time.Now() // a duration is real time
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	err := f.exchange(ctx, f.pool.get, d, &a)
	if errors.Is(err, errStaleConn) { // nothing was answered; another idle one may be as old
		err = f.exchange(ctx, f.pool.dial, d, &a)
	}
	a.Duration = time.Since(start)
	if err != nil {
		a.Error = reason(err)
	}
	return a, err
}

func (f *Forwarder) exchange(ctx context.Context, connect func(context.Context) (*appConn, error), d *store.Delivery, a *store.Attempt) error {
	c, err := connect(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) }) // wakes any read or write
	keep, err := f.talk(c, d, a)
	if stop() && keep {
		c.used = true
		f.pool.put(c)
	} else {
		c.Close() // what its error could say, the exchange has said
	}
	switch {
	case err != nil && ctx.Err() != nil && a.Status == 0:
		return errTimeout
	case errors.Is(err, errBrokenOff) && c.used:
		f.pool.closeIdle()
		return errStaleConn
	}
	return err
}

// talk writes the request and reads the answer. keep says whether the
// connection can carry another.
func (f *Forwarder) talk(c *appConn, d *store.Delivery, a *store.Attempt) (keep bool, err error) {
	head := f.requestHead(d, a)
	c.src.N = answerHead
	buf := net.Buffers{head, d.Body}
	_, writeErr := buf.WriteTo(c.Conn)
	// An app may answer and close before it has read everything (413): so the
	// answer counts, whatever happened to the writing.
	res, err := readAnswer(c.br)
	if err != nil && c.src.N <= 0 {
		return false, errors.New("not an HTTP answer: its head is too long")
	}
	if err != nil {
		if writeErr != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isReset(err) {
			return false, errBrokenOff
		}
		return false, fmt.Errorf("not an HTTP answer: %w", err)
	}
	defer res.Body.Close()
	a.Status = res.StatusCode
	for _, name := range sortedKeys(res.Header) {
		for _, v := range res.Header[name] {
			a.Header = append(a.Header, store.Field{Name: name, Value: v})
		}
	}
	c.src.N = answerBody
	body, err := io.ReadAll(io.LimitReader(res.Body, answerBody))
	a.BodySize, a.Body = int64(len(body)), body[:min(len(body), store.AnswerLimit)]
	if err != nil {
		a.Error = "the answer broke off"
		return false, nil // its status stands
	}
	return writeErr == nil && !res.Close && a.Status != http.StatusSwitchingProtocols && c.src.N > 0 && len(body) < answerBody && c.br.Buffered() == 0, nil
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// readAnswer reads an answer's head, skipping a few of the 1xx kind.
func readAnswer(br *bufio.Reader) (*http.Response, error) {
	for range answerExtra {
		res, err := http.ReadResponse(br, &http.Request{Method: http.MethodPost})
		if err != nil || res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, err
		}
	}
	return nil, errors.New("too many 1xx answers")
}

// requestHead is the request up to and including the empty line.
func (f *Forwarder) requestHead(d *store.Delivery, a *store.Attempt) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, "POST "...)
	b = append(b, f.Target.RequestURI()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, f.Target.Host...)
	b = append(b, "\r\n"...)
	for _, h := range f.forwardFields(d, a) {
		b = append(b, h.Name...)
		b = append(b, ": "...)
		b = append(b, h.Value...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(d.Body)), 10)
	return append(b, "\r\n\r\n"...)
}
