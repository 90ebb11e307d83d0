// Package ui is the browser page: embedded assets, a small JSON API, and a live
// socket that streams what the store remembers.
//
// It gets a store and functions (replay, trigger, status, and those of [Acts])
// and knows nothing else, so the page runs with a store full of samples and
// nothing behind it.
//
// # Who is let in
//
// The page shows what customers render and can make pictap send requests, and
// "it only listens on loopback" protects neither: every web page in the
// developer's browser can reach loopback too, and so can every other user of
// the machine. Each request therefore passes, in this order,
//
//  1. an exact list of Host names, which ends DNS rebinding,
//  2. an exact list of Origins, when there is one, and [http.CrossOriginProtection],
//  3. the run's token, for everything but the assets and /readyz, as an
//     Authorization header and on the socket as a subprotocol, checked before
//     the 101. Cookies would be sent by pages on other ports of this host, query
//     strings end up in logs, and HTML can be read by whoever may load it,
//  4. Content-Type application/json for whatever changes something, which no
//     form can send.
//
// No answer carries a CORS header. Routes are one table (routes.go), from which
// the tests make the whole matrix, so a new route is covered when it is added.
//
// # How a page gets the token
//
// The link on the terminal carries a one-time code in its fragment, which
// browsers do not send anywhere. The page exchanges it at POST /api/session for
// the token and a one-time resume key. Of the key only the SHA-256 is stored;
// the next run on the same state takes it in exchange for a token of its own,
// so open pages survive a restart. An open page can also invite another tab.
//
// # The live socket
//
// There is no hub. Each socket runs one loop: what changed after REV? send it;
// sleep until the store rings. Reconnecting is the same question with the last
// REV, a slow browser gets larger batches and never gaps, and nobody else waits
// for it. See live.go, and pace.go for what happens under load.
//
// A page with a search on asks likewise, over HTTP: what changed after REV, and
// which of it matches? The socket only tells it when to ask. The alternative, a
// search per socket, would have meant a new connection for each letter typed.
package ui

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
)

// Options say what a page shows and can do. Only Store is required.
type Options struct {
	Store *store.Store

	// Replay hands a stored delivery to the app once more and returns the
	// attempt. A delivery that is gone is [store.ErrNotFound]. Nil hides the button.
	Replay func(ctx context.Context, seq int64) (store.Attempt, error)

	// Trigger sends one signed test event. Nil hides the buttons.
	Trigger func(ctx context.Context, t pictify.EventType) error
	Events  []pictify.EventType // what Trigger accepts, in the order to show

	// Volleys are test events of which somebody says what is in them, how they are
	// broken and how many there are. They need Trigger. Nil hides the view.
	Volleys *Volleys

	// Explain says why a delivery that did not verify does not; nil when there is
	// nothing to say. It may take half a second, and is asked once for each that is
	// opened. Nil never explains.
	Explain func(ctx context.Context, d store.Delivery) *Cause

	// Media fetches a picture that a payload names, at most [MaxMedia] bytes of it, and
	// decides which addresses are asked at all. It is called for one at a time. What
	// the page may know of an error is a [MediaError]. Nil hides the buttons.
	Media func(ctx context.Context, url string) ([]byte, error)
	Acts  // what else the page can do with a delivery

	// Status is asked at each change that [Handler.Wake] announces and whenever a
	// page connects; it must be quick and safe to call from any goroutine. Nil
	// means nothing to say.
	Status func() Status

	// Drain looks at once whether the app is there, and has what waits go out if it
	// is. The error says why it is not, in few words. Nil hides the buttons.
	Drain func(ctx context.Context) error

	// SetPaused pauses one of the status's subscriptions, or resumes it, and returns
	// when the status says so. A [Refusal] is told to the page. Nil hides the buttons.
	SetPaused func(ctx context.Context, uid string, paused bool) error

	// Run tells of this run. Nil means that there is nothing to tell.
	Run func() Run

	// Mock looks into the mock that runs inside; nil when there is none.
	Mock *Mock

	// Opened is told the new link when the one in use has let in a page, from the
	// goroutine of that request. Nil tells nobody.
	Opened func(launchURL string)

	Assets fs.FS            // the folder with index.html; nil means the embedded one
	Log    *slog.Logger     // nil means silence
	Random io.Reader        // for tokens; nil means crypto/rand
	Now    func() time.Time // nil means time.Now
}

func (o Options) withDefaults() Options {
	if o.Status == nil {
		o.Status = func() Status { return Status{} }
	}
	if o.Opened == nil {
		o.Opened = func(string) {}
	}
	if o.Trigger == nil {
		o.Events, o.Volleys = nil, nil
	}
	if o.Assets == nil {
		o.Assets = embedded()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// A Handler serves the page. Its methods may be called from any goroutine.
type Handler struct {
	opts  Options
	guard guard
	keys  *keys
	mux   *http.ServeMux
	shelf *mediaShelf

	sending sending
	closing chan struct{} // closed by Close
	sockets sync.WaitGroup

	mu     sync.Mutex    // guards all below
	closed bool          // closing is closed: no new sockets
	woken  chan struct{} // closed by the next Wake
}

// New returns a handler for the server that listens on addr, which has to be a
// loopback address: the Host names and Origins that are accepted follow from it.
func New(o Options, addr net.Addr) (*Handler, error) {
	if o.Store == nil {
		return nil, errors.New("make page: no store")
	}
	o = o.withDefaults()
	g, err := newGuard(addr)
	if err != nil {
		return nil, fmt.Errorf("make page: %w", err)
	}
	k, err := newKeys(o.Random)
	if err != nil {
		return nil, fmt.Errorf("make page: %w", err)
	}
	h := &Handler{opts: o, guard: g, keys: k, shelf: newMediaShelf(), closing: make(chan struct{}), woken: make(chan struct{})}
	h.mux = newMux(h)
	return h, nil
}

// LaunchURL returns the page's address with a one-time code that lets in one
// page. It stays the same until that code is used.
func (h *Handler) LaunchURL() string {
	return h.guard.base + "/#code=" + h.keys.launchCode()
}

// Wake tells the open pages that [Options.Status] has something new to say.
func (h *Handler) Wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.woken)
	h.woken = make(chan struct{})
}

// waking returns the channel that the next Wake closes.
func (h *Handler) waking() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.woken
}

// StopSending stops the volley that is being sent, waits for it, and lets no other begin.
func (h *Handler) StopSending() { h.sending.close() }

// Close ends all sockets with "going away", and what is being sent, and waits
// for them. Requests that are not sockets are the server's to end.
func (h *Handler) Close() error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		close(h.closing)
	}
	h.mu.Unlock()
	h.StopSending()
	h.sockets.Wait()
	return nil
}

// enter registers a socket with Close. It reports false when it is too late.
func (h *Handler) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.sockets.Add(1)
	}
	return !h.closed
}
