package tunnel

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"pictap/tunnel/pictify"
	"pictap/tunnel/store"
	"pictap/tunnel/wire"
)

const (
	defaultConnections = 8
	defaultTimeout     = 30 * time.Second // what Pictify gives a handler
	waitingPage        = 1000
)

// A Forwarder hands deliveries to the app: the same bytes, the same header in
// the same order, a fresh signature.
//
// Deliveries are begun in the order of arrival, Connections at a time; 1 gives
// strict order, which Pictify itself does not promise. While nothing listens at
// the target they wait, in the store and in line, and go out in order when the
// port answers. An answer other than 2xx ends it: the app has spoken, and
// sending again is a person's decision (replay).
//
// Its fields must not change after the first use. Its methods may be called
// from any goroutine.
type Forwarder struct {
	Store  *store.Store
	Target *url.URL
	// Secret signs what is forwarded, so that the app needs one secret however
	// many subscriptions there are. Zero: the sender's signature is left alone.
	Secret         pictify.Secret
	Connections    int           // at a time; 0 means 8
	Timeout        time.Duration // for one attempt; 0 means 30 s
	Header         []store.Field // added to each request, replacing what has the same name
	StripForwarded bool          // leave out X-Forwarded-*: a tunnel put them there
	AllowRemote    bool          // Target may be another machine
	TLS            *tls.Config   // for an https Target; nil means the system's roots
	Now            func() time.Time
	Log            *slog.Logger
	// Notify is told when the app goes away, comes back, and of each delivery
	// that has to wait. It must not block. Nil means nobody is told.
	Notify func(AppNotice)

	once    sync.Once
	q       *queue
	app     *wire.Client
	resumed func()        // says that what a former run left is in line; again and again is fine
	inLine  chan struct{} // closed by resumed

	mu    sync.Mutex // guards state
	state AppState
	down  chan struct{} // holds one token while the app is known to be down
}

// An AppState is what is known of the app.
type AppState struct {
	Known   bool // it has been tried
	Up      bool
	Since   time.Time
	Reason  string // why not up
	Waiting int    // deliveries in line
}

// An AppNotice is a change of the AppState, or a delivery that has to wait.
type AppNotice struct {
	AppState
	Seq int64 // the delivery that waits; 0 for a change of state
}

func (f *Forwarder) init() {
	f.once.Do(func() {
		if f.Connections <= 0 {
			f.Connections = defaultConnections
		}
		if f.Timeout <= 0 {
			f.Timeout = defaultTimeout
		}
		if f.Now == nil {
			f.Now = time.Now
		}
		if f.Log == nil {
			f.Log = slog.New(slog.DiscardHandler)
		}
		f.q = newQueue()
		f.inLine = make(chan struct{})
		f.resumed = sync.OnceFunc(func() { close(f.inLine) })
		f.down = make(chan struct{}, 1)
		f.app = f.newApp()
	})
}

// State returns what is known of the app now.
func (f *Forwarder) State() AppState {
	f.init()
	f.mu.Lock()
	s := f.state
	f.mu.Unlock()
	s.Waiting = f.q.waiting()
	return s
}

// reserve puts a stored delivery in line; it is not sent before release.
func (f *Forwarder) reserve(d store.Delivery) {
	f.init()
	if d.State != store.Waiting {
		return
	}
	if held := f.q.add(d.Seq, &d, false); held {
		f.notify(d.Seq)
	}
}

func (f *Forwarder) release(seq int64) { f.q.release(seq) }

// claim keeps a stored delivery for the caller, who finishes it; see queue.claim.
// A delivery that the app has had already is nobody's.
func (f *Forwarder) claim(d store.Delivery) *job {
	f.init()
	if d.State != store.Waiting {
		return nil
	}
	return f.q.claim(d.Seq)
}

func (f *Forwarder) notify(seq int64) {
	if f.Notify != nil {
		f.Notify(AppNotice{AppState: f.State(), Seq: seq})
	}
}

// Run hands on deliveries until ctx ends, beginning with those that a former
// run left waiting. Attempts under way are then broken off and not recorded:
// their deliveries are still waiting. Run returns when all its goroutines have
// ended; the error is that of reading the store, if any.
func (f *Forwarder) Run(ctx context.Context) error {
	f.init()
	err := f.resumeWaiting(ctx)
	f.resumed()
	if err != nil {
		if ctx.Err() != nil {
			return nil // ended before it began
		}
		return err
	}
	stop := context.AfterFunc(ctx, f.q.close)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { f.watchApp(ctx) })
	for range f.Connections {
		wg.Go(func() { f.work(ctx) })
	}
	wg.Wait()
	f.app.CloseIdle()
	return nil
}

func (f *Forwarder) resumeWaiting(ctx context.Context) error {
	for after := int64(0); ; {
		page, err := f.Store.Waiting(ctx, after, waitingPage)
		if err != nil {
			return fmt.Errorf("resume forwarding: %w", err)
		}
		for _, seq := range page {
			f.q.add(seq, nil, true)
			after = seq
		}
		if len(page) < waitingPage {
			return nil
		}
	}
}

// Drain waits until everything has been handed on, what a former run left
// included: Run must have been called. It gives up when ctx ends or the app is
// down, and reports how many are left.
func (f *Forwarder) Drain(ctx context.Context) (left int) {
	f.init()
	select {
	case <-f.inLine:
	case <-ctx.Done():
	}
	stop := context.AfterFunc(ctx, f.q.close)
	defer stop()
	f.q.idle()
	return f.q.waiting()
}
