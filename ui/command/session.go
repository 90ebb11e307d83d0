package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"pictap/mock"
	"pictap/tunnel"
	"pictap/tunnel/store"
)

// A session is everything that runs while listen does. It is started by
// startSession and ended by close; in between it looks after itself.
type session struct {
	cfg sessionConfig
	env Env
	p   *printer
	log *slog.Logger

	lock      *store.Lock
	store     *store.Store
	hooks     *tunnel.Hooks
	receiver  *tunnel.Receiver
	forwarder *tunnel.Forwarder // nil records only
	registrar *tunnel.Registrar // nil registers nothing
	way       *way
	door      net.Listener // the receiver's own port on this machine
	page      *page        // nil: no page
	sender    *mock.Dispatcher

	run     context.Context // ends when the servers are to stop
	stopRun context.CancelFunc
	servers sync.WaitGroup
	tending loop    // looks after tunnel and subscriptions
	telling loop    // prints what happens
	causer  *causer // of the goroutine that tells
	failed  chan error

	appNews chan struct{} // the app's state has changed
	before  int64         // the newest delivery of earlier runs
	begun   time.Time
	orders  chan pauseOrder // to the goroutine that tends

	mu       sync.Mutex // guards all below, for the page and the printer
	live     []store.Subscription
	paused   map[string]bool // those of them that a person has paused, by uid
	refused  []string
	warnings []string
	tunnel   string // online, reconnecting, local
	probed   bool
	heldFor  int       // deliveries that the people have been told of
	signed   time.Time // when the newest edited event was signed, or will have been
}

// A loop is one goroutine that can be told to end and waited for.
type loop struct {
	stop context.CancelFunc
	done chan struct{}
}

func startLoop(ctx context.Context, f func(context.Context)) loop {
	ctx, cancel := context.WithCancel(ctx)
	l := loop{cancel, make(chan struct{})}
	go func() { defer close(l.done); f(ctx) }()
	return l
}

// end stops the loop, if it was started, and waits for it.
func (l loop) end() {
	if l.done != nil {
		l.stop()
		<-l.done
	}
}

// moreProcessors lets more threads run Go than there are processors. SQLite is
// Go code that makes system calls of its own, and while one syncs the disk the
// runtime takes its thread for busy: on two cores that left one idle a quarter of
// the time. Two more carry a quarter more deliveries, with less CPU for each.
// GOMAXPROCS, where set, has the last word.
var moreProcessors = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 2)
	}
})

// memoryBound is what Go's heap may grow to before collecting garbage comes
// first: half of the 256 MiB that pictap may take, since SQLite has memory of its own.
const memoryBound = 128 << 20

// boundMemory makes that known to the runtime. GOMEMLIMIT, where set, has the
// last word.
var boundMemory = sync.OnceFunc(func() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryBound)
	}
})

// startSession opens everything in the order in which it can be relied on:
// the store before the receiver, the receiver before anybody is told its URL,
// the subscriptions last. On error all of it is closed again.
func startSession(ctx context.Context, env Env, p *printer, log *slog.Logger, cfg sessionConfig) (*session, error) {
	s := &session{cfg: cfg, env: env, p: p, log: log, tunnel: "local",
		failed: make(chan error, 4), appNews: make(chan struct{}, 1), begun: env.now(), orders: make(chan pauseOrder)}
	s.run, s.stopRun = context.WithCancel(context.WithoutCancel(ctx))
	moreProcessors()
	boundMemory()
	if err := s.start(ctx); err != nil {
		if e := s.close(ctx); e != nil {
			log.Error("close after a failed start", "err", e)
		}
		return nil, err
	}
	return s, nil
}

func (s *session) start(ctx context.Context) (err error) {
	if err := s.openState(); err != nil {
		return err
	}
	if err := s.openReceiver(ctx); err != nil {
		return err
	}
	if err := s.openPage(); err != nil {
		return err
	}
	if s.way, err = openWay(ctx, s.cfg.way, s.door, s.log); err != nil {
		return err
	}
	if s.way.listener != nil {
		s.serve(func(ctx context.Context) error { return s.receiver.Serve(ctx, s.way.listener, serveGrace) })
		s.setTunnel("online")
	}
	took := s.prove(ctx)
	if err := s.register(ctx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.lock.Announce(s.holder()); err != nil {
		return err
	}
	s.p.ready(s.readiness(took))
	if s.cfg.notice != "" {
		s.warn("%s", s.cfg.notice)
	}
	s.telling = startLoop(s.run, s.tell)
	s.tending = startLoop(s.run, s.tend)
	if s.cfg.started != nil {
		s.cfg.started()
	}
	return nil
}

// serveGrace is what requests under way get when a server ends.
const serveGrace = 2 * time.Second

// serve runs a part of the session until the session's end. Its error ends the session.
func (s *session) serve(f func(context.Context) error) {
	s.servers.Go(func() {
		if err := f(s.run); err != nil {
			s.fail(err)
		}
	})
}

// fail ends the session with an error.
func (s *session) fail(err error) {
	select {
	case s.failed <- err:
	default: // the first ones say enough
	}
}

// openState takes the lock and opens the store. A database that cannot be read
// is put aside: a tool that refuses to work until somebody has repaired a log of
// test traffic is no help.
func (s *session) openState() (err error) {
	if s.lock, err = store.TakeLock(s.cfg.state.dir); err != nil {
		return err
	}
	path := s.cfg.state.path(store.FileName)
	opts := store.Options{Log: s.log, Now: s.env.Now, KeepCount: s.cfg.keepCount, Index: true}
	s.store, err = store.Open(path, opts)
	if errors.Is(err, store.ErrCorrupt) {
		s.store, err = s.beginAnew(path, opts, err)
	}
	if err != nil {
		return err
	}
	s.before, err = s.store.Newest(s.run)
	return err
}

func (s *session) beginAnew(path string, opts store.Options, cause error) (*store.Store, error) {
	aside, err := store.MoveAside(path, s.env.now())
	if err != nil {
		return nil, errors.Join(cause, err)
	}
	s.warn("the database could not be read and was put aside as %s; a new one was begun", aside)
	return store.Open(path, opts)
}

// openReceiver makes the paths and begins to answer on a port of this machine.
func (s *session) openReceiver(ctx context.Context) error {
	install, err := s.cfg.state.installID()
	if err != nil {
		return err
	}
	s.hooks = &tunnel.Hooks{Install: install}
	if err := tunnel.LoadHooks(ctx, s.store, s.hooks); err != nil {
		return err
	}
	if s.cfg.target != nil {
		s.forwarder = s.newForwarder()
		s.serve(s.forwarder.Run)
	}
	s.receiver = &tunnel.Receiver{
		Hooks: s.hooks, Store: s.store, Forwarder: s.forwarder, LocalSecret: s.cfg.secret, Relay: s.cfg.relay,
		Now: s.env.Now, Log: s.log,
	}
	if s.door, err = listenNear(s.cfg.way.receiverAddr, s.cfg.way.receiverMust); err != nil {
		return fmt.Errorf("open receiver: %w", err)
	}
	s.serve(func(ctx context.Context) error { return s.receiver.Serve(ctx, s.door, serveGrace) })
	s.sender = &mock.Dispatcher{Now: s.env.Now}
	return nil
}

func (s *session) newForwarder() *tunnel.Forwarder {
	f := &tunnel.Forwarder{
		Store: s.store, Target: s.cfg.target, Header: s.cfg.header, Connections: s.cfg.connections, Timeout: s.cfg.timeout,
		AllowRemote: s.cfg.allowRemote, StripForwarded: s.cfg.way.kind != wayLocal, TLS: appTLS(s.cfg.insecure),
		Now: s.env.Now, Log: s.log, Notify: func(tunnel.AppNotice) { s.appChanged() },
	}
	if s.cfg.resign {
		f.Secret = s.cfg.secret
	}
	return f
}

// warn tells the user and the page.
func (s *session) warn(format string, args ...any) {
	s.p.warning(format, args...)
	s.mu.Lock()
	s.warnings = append(s.warnings, fmt.Sprintf(format, args...))
	s.mu.Unlock()
	s.wake()
}

func (s *session) wake() {
	s.mu.Lock()
	p := s.page // there may be none yet: the app is looked for already
	s.mu.Unlock()
	if p != nil {
		p.handler.Wake()
	}
}

func (s *session) setTunnel(state string) {
	s.mu.Lock()
	s.tunnel = state
	s.mu.Unlock()
	s.wake()
}
