package tunnel

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Limits of the public listener. Pictify's own deliveries are a few KiB and it
// waits 30 s for an answer (concepts/webhooks, 2026-01-29).
const (
	DefaultMaxBody   = 10 << 20
	DefaultMaxMemory = 48 << 20
	maxConnections   = 1024
	headTimeout      = 5 * time.Second  // for a request's head
	readTimeout      = 30 * time.Second // for head and body
	idleTimeout      = 60 * time.Second // between requests
	maxFields        = 1000             // lines of a request's header
	unverifiedBody   = 4 << 10          // kept of a body that did not verify
	staleBody        = 256 << 10        // kept of one that did, but too late
	longestName      = 256              // bytes of an event type or a delivery id; they are in every summary
	minSecret        = 16               // bytes; a shorter secret is treated as none
)

// A Receiver answers the public side: it verifies a delivery, commits it,
// acknowledges it and hands it on, in this order. A 2xx is never written before
// the delivery is durable.
//
// What it answers:
//
//	200 verified and stored      404 not a path of ours (constant, not recorded)
//	400 malformed or stale       405 not a POST
//	401 unsigned or mismatch     410 a path of an earlier run
//	408 body too slow            413 body too large           431 header too large
//	503 cannot store it, over the memory bound, or the path's secret is unknown
//
// Its fields must not change while it serves.
type Receiver struct {
	Hooks     *Hooks
	Store     *store.Store
	Forwarder *Forwarder // nil: deliveries are recorded only
	// LocalSecret verifies hooks that have no secret of their own and were
	// never registered.
	LocalSecret pictify.Secret
	// Relay answers what the app answers instead of 200, as Pictify would see
	// it without us. An app that is down then fails deliveries, and five
	// failures make Pictify disable the subscription.
	Relay     bool
	MaxBody   int64            // bytes of one body; 0 means DefaultMaxBody
	MaxMemory int64            // bytes of all bodies being received; 0 means DefaultMaxMemory
	Now       func() time.Time // nil means time.Now
	Log       *slog.Logger     // nil means silence

	once   sync.Once
	budget budget
	probes probes
}

func (rc *Receiver) init() {
	rc.once.Do(func() {
		if rc.MaxBody == 0 {
			rc.MaxBody = DefaultMaxBody
		}
		if rc.MaxMemory == 0 {
			rc.MaxMemory = DefaultMaxMemory
		}
		if rc.Now == nil {
			rc.Now = time.Now
		}
		if rc.Log == nil {
			rc.Log = slog.New(slog.DiscardHandler)
		}
		rc.budget.limit = rc.MaxMemory
	})
}

// Serve answers requests from l until ctx ends, then gives those being answered
// grace to end, breaks off the rest, and returns nil when all have ended. It
// closes l. When l fails it ends in the same way and returns the error.
func (rc *Receiver) Serve(ctx context.Context, l net.Listener, grace time.Duration) error {
	rc.init()
	over, breakOff := context.WithCancel(context.WithoutCancel(ctx))
	defer breakOff()
	var handlers gate
	srv := &http.Server{
		Handler:           handlers.guard(rc),
		ReadHeaderTimeout: headTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHead - 4096, // net/http adds 4 KiB of slack
		ConnContext:       withHead,
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(over, overKey{}, over) },
		ErrorLog:          slog.NewLogLogger(rc.Log.Handler(), slog.LevelDebug),
		// No WriteTimeout: answers are a few bytes, and an expired write
		// deadline can corrupt a whole ngrok session.
		DisableGeneralOptionsHandler: true, // "OPTIONS *" gets a 404 like everything else
	}
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(headListener{l, make(chan struct{}, maxConnections)}) }()
	var failed error
	select {
	case failed = <-done:
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(over, grace)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		breakOff()
		srv.Close() // whoever is still talking had its time
	}
	if failed == nil {
		<-done
	}
	handlers.close()
	return failed
}

// overKey is the context key of a context that ends when a request is to be broken
// off. The request's own ends already when the sender hangs up.
type overKey struct{}

// A gate knows when all handlers have ended: http.Server does not wait for those
// that it breaks off.
type gate struct {
	mu     sync.RWMutex // held for reading by handlers; guards closed
	closed bool
}

func (g *gate) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.RLock()
		defer g.mu.RUnlock()
		if g.closed {
			panic(http.ErrAbortHandler) // to return would be to answer 200
		}
		h.ServeHTTP(w, r)
	})
}

// close waits for the handlers that have begun; later ones are broken off.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// ServeHTTP is Serve's handler. Without Serve, header order is not known.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rc.init()
	if answer, ok := rc.probes.find(r); ok {
		finishHead(r)
		io.WriteString(w, answer)
		return
	}
	hook, ok := rc.Hooks.Find(r.RequestURI)
	switch {
	case !ok:
		refuse(w, r, http.StatusNotFound, "not found")
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, r, http.StatusMethodNotAllowed, "POST only")
	case hook.Retired:
		refuse(w, r, http.StatusGone, "no longer here")
	case countFields(r.Header) > maxFields:
		refuse(w, r, http.StatusRequestHeaderFieldsTooLarge, "too many header fields")
	default:
		rc.receive(w, r, hook)
	}
}

// refuse answers without having read the body, and ends the connection if there
// is one: reading it would be work for nothing.
func refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
	finishHead(r)
	say(w, status, text)
}

func finishHead(r *http.Request) {
	if c := headOf(r.Context()); c != nil {
		c.next()
	}
}

func say(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}

// busy asks for another try in a minute, which is what Pictify does anyway.
func busy(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "60")
	say(w, http.StatusServiceUnavailable, text)
}

func (rc *Receiver) receive(w http.ResponseWriter, r *http.Request, hook Hook) {
	var head []byte
	if c := headOf(r.Context()); c != nil {
		head = c.take()
	}
	body, taken, err := readBody(w, r, rc.MaxBody, &rc.budget)
	defer rc.budget.give(taken)
	if err != nil {
		rc.refuseBody(w, err)
		return
	}
	finishHead(r)

	d := store.Delivery{
		ReceivedAt: rc.Now(), Hook: hook.Token, Subscription: hook.Subscription, Source: hook.Source,
		Method: r.Method, Path: r.RequestURI, Remote: r.RemoteAddr,
		DeliveryID: atMost(r.Header.Get(pictify.DeliveryIDHeader), longestName),
		Header:     fields(r, head), Body: body, BodySize: int64(len(body)),
	}
	describe(&d)
	if err := rc.verify(r.Header, hook, &d); err != nil {
		rc.turnAway(w, d, err)
		return
	}
	rc.accept(w, r, d)
}

func (rc *Receiver) refuseBody(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		say(w, http.StatusRequestEntityTooLarge, "body too large")
	case errors.Is(err, errBusy):
		busy(w, "busy")
	case errors.As(err, &timeout) && timeout.Timeout():
		say(w, http.StatusRequestTimeout, "body too slow")
	default:
		say(w, http.StatusBadRequest, "body not readable")
	}
}

// describe fills in what the body says of itself. It proves nothing before the
// signature does.
func describe(d *store.Delivery) {
	if e, err := pictify.ParseEvent(d.Body); err == nil {
		d.Event, d.About = pictify.EventType(atMost(string(e.Type), longestName)), e.About()
	}
}

// atMost returns the first n bytes of s, in memory of their own.
func atMost(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:n], ""))
}

func countFields(h http.Header) (n int) {
	for _, values := range h {
		n += len(values)
	}
	return n
}

// verify sets the delivery's verdict, reason and proof.
func (rc *Receiver) verify(header http.Header, hook Hook, d *store.Delivery) error {
	secret := hook.Secret
	if secret.IsZero() && hook.Source == store.FromLocal {
		secret = rc.LocalSecret
	}
	signature, err := signatureHeader(header)
	if err == nil {
		if len(secret.Reveal()) < minSecret {
			err = pictify.ErrUnknownSecret
		} else {
			err = pictify.Verify(secret, signature, d.Body, d.ReceivedAt)
		}
	}
	d.Verdict = pictify.VerdictOf(err)
	if err != nil {
		d.Reason = err.Error()
		return err
	}
	d.Proof = proof(hook.Token, signature)
	return nil
}

// signatureHeader returns the one signature header. Two of them are ambiguous:
// the sender's verifier and ours might each pick another.
func signatureHeader(h http.Header) (string, error) {
	switch values := h[pictify.SignatureHeader]; len(values) {
	case 0:
		return "", pictify.ErrUnsigned
	case 1:
		return values[0], nil
	default:
		return "", pictify.ErrMalformed
	}
}

// proof stands for a hook and a signature that verified. It begins with the
// signature's time, so that new proofs lie next to each other in the index.
func proof(token, signature string) []byte {
	sum := sha256.Sum256([]byte(token + "\n" + signature))
	p := sum[:16]
	if s, err := pictify.ParseSignature(signature); err == nil {
		binary.BigEndian.PutUint32(p, uint32(s.At))
	}
	return p
}

// turnAway records what did not verify in the bounded ring, and refuses it.
func (rc *Receiver) turnAway(w http.ResponseWriter, d store.Delivery, err error) {
	keep := unverifiedBody
	if errors.Is(err, pictify.ErrStale) {
		keep = staleBody // Pictify's own, so worth looking at whole
	}
	d.Body = append([]byte(nil), d.Body[:min(len(d.Body), keep)]...)
	d.Header = boundFields(d.Header, unverifiedBody)
	rc.Store.RecordUnverified(d)
	switch {
	case errors.Is(err, pictify.ErrUnknownSecret):
		busy(w, "not ready")
	case errors.Is(err, pictify.ErrUnsigned), errors.Is(err, pictify.ErrMismatch):
		say(w, http.StatusUnauthorized, "invalid signature")
	case errors.Is(err, pictify.ErrStale):
		say(w, http.StatusBadRequest, "signature too old or too new")
	default:
		say(w, http.StatusBadRequest, "malformed signature")
	}
}

// boundFields returns the first fields that fit into limit bytes.
func boundFields(list []store.Field, limit int) []store.Field {
	n := 0
	for i, f := range list {
		if n += len(f.Name) + len(f.Value); n > limit {
			return list[:i]
		}
	}
	return list
}

// accept commits, acknowledges and hands on.
func (rc *Receiver) accept(w http.ResponseWriter, r *http.Request, d store.Delivery) {
	f := rc.Forwarder
	d.State = store.Waiting
	switch {
	case f == nil:
		d.State = store.Kept
		if _, ok := rc.commit(w, r, d, nil); ok {
			acknowledge(w)
		}
	case rc.Relay:
		var claimed *job
		stored, ok := rc.commit(w, r, d, func(d store.Delivery) { claimed = f.claim(d) })
		switch {
		case !ok:
		case claimed != nil:
			rc.relay(w, r, stored, claimed)
		case stored.State == store.Waiting: // the same delivery came twice
			busy(w, "the app has it and has not answered yet")
		default:
			acknowledge(w)
		}
	default:
		// Put in line in the order of arrival, before anybody else can be.
		if stored, ok := rc.commit(w, r, d, f.reserve); ok {
			defer f.release(stored.Seq)
			acknowledge(w)
		}
	}
}

// commit stores a delivery, or refuses it when that cannot be done. The commit is
// not abandoned when the sender hangs up: it may already be under way, and then
// the delivery has to be handed on.
func (rc *Receiver) commit(w http.ResponseWriter, r *http.Request, d store.Delivery, then func(store.Delivery)) (stored store.Delivery, ok bool) {
	stored, err := rc.Store.RecordThen(context.WithoutCancel(r.Context()), d, then)
	if err != nil {
		rc.Log.Error("delivery not stored, answered 503", "err", err)
		busy(w, "cannot store it now")
	}
	return stored, err == nil
}

// acknowledge answers 200 before anything else is done: the app may take its time.
func acknowledge(w http.ResponseWriter) {
	say(w, http.StatusOK, "ok")
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}
