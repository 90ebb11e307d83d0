package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/net/http/httpguts"

	"pictap/tunnel/pictify"
)

// Bounds of an answer.
const (
	MaxHead        = 256 << 10 // bytes
	defaultMaxBody = 1 << 20
	maxInterim     = 5 // 1xx answers before the real one
)

var errStale = errors.New("idle connection had been closed")

func (c *Client) exchange(ctx context.Context, connect func(context.Context) (*conn, error), r Request) (Answer, error) {
	if err := r.check(); err != nil {
		return Answer{}, err
	}
	cn, err := connect(ctx)
	if err != nil {
		return Answer{}, err
	}
	if c.Timeout > 0 {
		cn.SetDeadline(time.Now().Add(c.Timeout))
	}
	stop := context.AfterFunc(ctx, func() { cn.SetDeadline(time.Unix(1, 0)) }) // wakes any read or write
	var writeErr error
	if r.Send != nil {
		writeErr = r.Send(ctx, cn, r.appendHead(nil), r.Body)
	} else {
		writeErr = cn.send(r)
	}
	a, keep, err := c.listen(cn, r.Method, writeErr)
	a.Reused = cn.used
	if stop() && keep {
		cn.used = true
		c.put(cn)
	} else {
		cn.Close() // what its error could say, the exchange has said
	}
	switch {
	case err != nil && a.Status == 0 && (ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded)):
		return a, ErrTimeout
	case errors.Is(err, ErrBrokenOff) && cn.used:
		c.CloseIdle()
		return a, errStale
	}
	return a, err
}

// listen reads the answer to a request that was written, or could not be. keep
// says whether the connection can carry another.
func (c *Client) listen(cn *conn, method string, writeErr error) (a Answer, keep bool, err error) {
	cn.src.N = MaxHead
	most := c.MaxBody
	if most == 0 {
		most = defaultMaxBody
	}
	// A server may answer and close before it has read everything (413): so the
	// answer counts, whatever happened to the writing.
	if a, ok := cn.plainAnswer(method, most); ok {
		return a, writeErr == nil && cn.br.Buffered() == 0, nil
	}
	res, err := readAnswer(cn.br, method)
	if err != nil && cn.src.N <= 0 {
		return a, false, errors.New("not an HTTP answer: its head is too long")
	}
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return a, false, err
		}
		if writeErr != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isReset(err) {
			return a, false, ErrBrokenOff
		}
		return a, false, fmt.Errorf("not an HTTP answer: %w", err)
	}
	defer res.Body.Close()
	a.Status, a.Header = res.StatusCode, fieldsOf(res.Header)
	cn.src.N = most + maxFraming
	a.Body, err = readBody(res, most)
	if a.Longer = int64(len(a.Body)) > most; a.Longer {
		a.Body = a.Body[:most]
	}
	if err != nil {
		a.BrokenOff = true
		return a, false, nil // its status stands
	}
	return a, writeErr == nil && !res.Close && a.Status != http.StatusSwitchingProtocols && cn.src.N > 0 && !a.Longer && cn.br.Buffered() == 0, nil
}

// maxFraming is what the chunks of a body may take beside its bytes.
const maxFraming = 64 << 10

// readBody reads one byte more than most, to see that there is one.
func readBody(res *http.Response, most int64) ([]byte, error) {
	if res.Body == http.NoBody { // an answer to HEAD has a length all the same
		return nil, nil
	}
	if n := res.ContentLength; n > 0 && n <= 4096 && n <= most { // the usual answer
		body := make([]byte, n)
		read, err := io.ReadFull(res.Body, body)
		return body[:read], err
	}
	return io.ReadAll(io.LimitReader(res.Body, most+1))
}

func fieldsOf(header http.Header) []pictify.Field {
	fields := make([]pictify.Field, 0, len(header))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, v := range header[name] {
			fields = append(fields, pictify.Field{Name: name, Value: v})
		}
	}
	return fields
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// readAnswer reads the head of an answer to a request of that method, skipping a
// few of the 1xx kind.
func readAnswer(br *bufio.Reader, method string) (*http.Response, error) {
	request := &http.Request{Method: method} // an answer to HEAD has no body
	for range maxInterim {
		res, err := http.ReadResponse(br, request)
		if err != nil || res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, err
		}
	}
	return nil, errors.New("too many 1xx answers")
}

// Text is the request as it is sent.
func (r Request) Text() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return append(r.appendHead(nil), r.Body...), nil
}

// check returns an error for a field that would end its line, or the head.
func (r *Request) check() error {
	for _, list := range [][]pictify.Field{r.Header, r.Tail} {
		for _, f := range list {
			if !httpguts.ValidHeaderFieldName(f.Name) || !httpguts.ValidHeaderFieldValue(f.Value) {
				return fmt.Errorf("header field %q cannot be sent", f.Name)
			}
		}
	}
	return nil
}

// appendHead appends the request up to and including the empty line.
func (r *Request) appendHead(b []byte) []byte {
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, r.URI...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	b = append(b, "\r\n"...)
	for _, list := range [][]pictify.Field{r.Header, r.Tail} {
		for _, f := range list {
			b = append(b, f.Name...)
			b = append(b, ": "...)
			b = append(b, f.Value...)
			b = append(b, "\r\n"...)
		}
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(r.Body)), 10)
	return append(b, "\r\n\r\n"...)
}
