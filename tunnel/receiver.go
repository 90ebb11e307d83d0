package tunnel

import (
	"io"
	"log/slog"
	"net/http"
	"strconv"
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
