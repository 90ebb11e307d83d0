package mock

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// keptAnswer is a ResponseWriter that keeps an answer. Its status is 200 unless
// another is written.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header {
	if k.header == nil {
		k.header = make(http.Header)
	}
	return k.header
}

func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status = status
	}
}

func (k *keptAnswer) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

// sendHead sends the head of a kept answer with its full length.
func (k *keptAnswer) sendHead(w http.ResponseWriter, r *http.Request) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	if r.Method != http.MethodHead && k.body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(k.body.Len()))
	}
	if k.status == 0 {
		k.status = http.StatusOK
	}
	w.WriteHeader(k.status)
}

// inflict makes a request go wrong.
func (s *Server) inflict(f Fault, w *witness, r *http.Request, carryOut func(http.ResponseWriter)) {
	switch f.Kind {
	case FaultStatus:
		s.answer(w, r, 0, nil, s.statusFault(w, f.Status))
	case FaultGone:
		s.answer(w, r, 0, nil, s.statusFault(w, http.StatusNotFound))
	case FaultReset, FaultEmpty:
		drain(r)
		hangUp(w, f.Kind == FaultReset)
	case FaultHang:
		drain(r) // or nobody would notice that the client goes
		s.linger(r, f.For)
		panic(http.ErrAbortHandler)
	default:
		var k keptAnswer
		carryOut(&k)
		s.spoil(f, &k, w, r)
	}
}

// statusFault writes the headers that come with an error that FaultStatus answers
// with, and returns it. Statuses that the documents give a meaning have their answer.
func (s *Server) statusFault(w http.ResponseWriter, status int) error {
	switch status {
	case http.StatusUnauthorized:
		return badKey()
	case http.StatusPaymentRequired: // of videos; other quotas are a 429 with the same code
		e := failureOf("QUOTA_EXCEEDED").problem()
		e.status, e.title = status, http.StatusText(status)
		return e
	case http.StatusTooManyRequests:
		limit := cmp.Or(s.Faults.Limit.Count, s.rate())
		setRate(w.Header(), limit, 0, s.now().Add(time.Second))
		return tooMany(1)
	}
	text := cmp.Or(http.StatusText(status), "Unknown status")
	return refusal{status: status, slug: strings.ReplaceAll(strings.ToLower(text), " ", "-"), title: text, detail: text + ", as was asked of the mock"}
}

func tooMany(seconds int) error {
	return refusal{status: http.StatusTooManyRequests, slug: "rate-limit-exceeded", title: "Rate limit exceeded",
		detail: "Too many requests, try again in " + strconv.Itoa(seconds) + " s", code: "rate_limit_exceeded", retryAfter: max(1, seconds)}
}

// spoil sends an answer that was kept, in the way of the fault.
func (s *Server) spoil(f Fault, k *keptAnswer, w *witness, r *http.Request) {
	if f.Kind == FaultType {
		k.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	k.sendHead(w, r)
	body := k.body.Bytes()
	switch f.Kind {
	case FaultTruncate:
		w.Write(body[:len(body)/2]) // an error is the client's
		w.Flush()
		if len(body) > 0 {
			panic(http.ErrAbortHandler)
		}
	case FaultSlow:
		s.drip(f.For, body, w, r)
	default:
		w.Write(body)
	}
}

// drips is in how many pieces a slow body comes.
const drips = 20

func (s *Server) drip(over time.Duration, body []byte, w *witness, r *http.Request) {
	w.Flush()
	piece := max(1, (len(body)+drips-1)/drips)
	for len(body) > 0 {
		if !s.linger(r, over/drips) {
			panic(http.ErrAbortHandler)
		}
		n := min(piece, len(body))
		w.Write(body[:n])
		w.Flush()
		body = body[n:]
	}
}

// drain reads a body that nobody wants: what is unread when a connection closes
// makes a reset of it.
func drain(r *http.Request) {
	if r.Body != nil {
		io.Copy(io.Discard, io.LimitReader(r.Body, maxEmitted)) // an error comes to the same
	}
}

// hangUp ends the connection without an answer.
func hangUp(w *witness, reset bool) {
	conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 or a test's recorder: cut it as well as that goes
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		tcp.SetLinger(0) // what is closed then is reset
	}
	conn.Close()
}
