package tunnel

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.ngrok.com/ngrok"
	"golang.ngrok.com/ngrok/config"
)

const (
	// How ngrok's dashboard and API show us. The SDK's default tells them the
	// host name and the path of the executable.
	agentName = "pictap"

	startAttempts = 3               // at a service that cannot be reached, or has too many sessions, before the start fails
	startPatience = 3 * time.Second // or this long
)

// An ngrokSession is one session of the SDK and its one endpoint. The SDK brings
// it back by itself after an outage, for ever; what it does not do is to stop
// when that is hopeless, to return while it cannot connect, or to close in
// bounded time. All of that is done here.
type ngrokSession struct {
	// Given by the owner.
	opts     *NgrokOptions
	listener *pumpListener // gets the connections
	notify   func(Notice)  // never blocks
	spawn    func(func())  // runs a function in a goroutine that the owner waits for

	dialer *ngrokDialer
	log    *ngrokLog
	cancel context.CancelFunc // ends what the SDK does in the background
	wg     sync.WaitGroup
	failed chan error // why the start is hopeless; room for one

	sess ngrok.Session // set once, while starting
	tun  ngrok.Tunnel

	endOnce sync.Once
	ending  chan struct{} // closed when the session is to end

	mu       sync.Mutex // guards all below
	running  bool       // the start succeeded
	ended    bool       // ending is closed or about to be
	attempts int
	began    time.Time
	url      string // the newest that the service allotted, "" if not seen
	tls      *tls.Config
}

// open connects and binds an endpoint at host, or at one of the service's choice
// if host is "". The options must be complete. The error is an [*NgrokError], an
// [*UnreachableError] or ctx's.
func (s *ngrokSession) open(ctx context.Context, host string) error {
	o := s.opts
	ctx, stop := context.WithTimeoutCause(ctx, o.ConnectTimeout, &UnreachableError{
		Server: o.Server, Err: fmt.Errorf("no answer within %v", o.ConnectTimeout),
	})
	defer stop()
	// To the SDK, the context of Connect is the life of the session.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.dialer = &ngrokDialer{dial: o.Dial, failed: s.lost}
	s.log = &ngrokLog{log: o.Log, token: o.Authtoken, bound: s.bound}
	s.failed = make(chan error, 1)
	s.ending = make(chan struct{})
	s.began = time.Now()

	if err := s.start(ctx, life, host); err != nil {
		s.end()
		return s.diagnose(ctx, err)
	}
	return nil
}

func (s *ngrokSession) start(ctx, life context.Context, host string) error {
	var err error
	s.sess, err = await(ctx, s, func() (ngrok.Session, error) {
		return ngrok.Connect(life, s.connectOptions()...)
	})
	if err != nil {
		return err
	}
	if s.tun, err = s.listen(ctx, host); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = true
	s.dialer.patient.Store(true)
	s.wg.Go(func() {
		err := s.listener.pump(s.tun, s.ending)
		s.giveUp(s.opts.explain(err)) // stopped from the dashboard, unless we are ending anyway
	})
	return nil
}

func (s *ngrokSession) connectOptions() []ngrok.ConnectOption {
	o := s.opts
	opts := []ngrok.ConnectOption{
		ngrok.WithAuthtoken(o.Authtoken.Reveal()),
		ngrok.WithServer(o.Server),
		ngrok.WithDialer(s.dialer),
		ngrok.WithTLSConfig(func(c *tls.Config) {
			// The SDK cuts the address at its first colon, also in an IPv6 one.
			c.ServerName, _, _ = net.SplitHostPort(o.Server)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tls = c.Clone()
		}),
		ngrok.WithClientInfo(agentName, o.Version),
		ngrok.WithMetadata(agentName),
		ngrok.WithLogger(s.log),
		ngrok.WithConnectHandler(s.connected),
		ngrok.WithDisconnectHandler(s.disconnected),
		// Zero is the SDK's own, which the service surely accepts; it refuses
		// values below some minimum that is not documented.
		ngrok.WithHeartbeatInterval(o.HeartbeatInterval),
		ngrok.WithHeartbeatTolerance(o.HeartbeatTolerance),
	}
	if o.CA != nil {
		opts = append(opts, ngrok.WithCA(o.CA))
	}
	return opts
}

// listen binds the endpoint. A host in use is asked for three times within two
// seconds, since a run that has just ended may still hold it; so is anything
// after the session was lost in between.
func (s *ngrokSession) listen(ctx context.Context, host string) (ngrok.Tunnel, error) {
	opts := []config.HTTPEndpointOption{config.WithForwardsTo(agentName), config.WithMetadata(agentName)}
	if host != "" {
		opts = append(opts, config.WithDomain(host))
	}
	for try := 1; ; try++ {
		tun, err := await(ctx, s, func() (ngrok.Tunnel, error) {
			return s.sess.Listen(ctx, config.HTTPEndpoint(opts...))
		})
		refused, _ := errors.AsType[*NgrokError](err)
		if err == nil || try == 3 || refused != nil && refused.Code != codeHostInUse {
			return tun, err
		}
		select {
		case <-time.After(time.Duration(try) * 500 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// await calls f, which may block for ever, until the start fails or ctx ends. The
// goroutine that stays behind then ends with the session.
func await[T any](ctx context.Context, s *ngrokSession, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	s.wg.Go(func() {
		value, err := f()
		if err != nil {
			err = s.opts.explain(err)
		}
		done <- result{value, err}
	})
	var none T
	select {
	case r := <-done:
		return r.value, r.err
	case err := <-s.failed:
		return none, err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// diagnose looks for a better cause than "session closed", which is what the SDK
// says of a certificate that it does not trust.
func (s *ngrokSession) diagnose(ctx context.Context, err error) error {
	s.mu.Lock()
	config := s.tls
	s.mu.Unlock()
	_, unreachable := errors.AsType[*UnreachableError](err)
	op, _ := errors.AsType[*net.OpError](err)
	if !unreachable || ctx.Err() != nil || config == nil || op != nil && op.Op == "dial" {
		return err
	}
	if cause := s.dialer.probeTLS(ctx, s.opts.Server, config); cause != nil {
		return &UnreachableError{Server: s.opts.Server, Err: networkCause(cause, s.opts.Authtoken)}
	}
	return err
}

// connected is called by the SDK when the session is up, after all endpoints
// were bound again. Like disconnected it must not block: the SDK would.
func (s *ngrokSession) connected(context.Context, ngrok.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running && !s.ended {
		s.notify(Notice{Kind: Online, URL: cmp.Or(s.url, s.tun.URL())})
	}
}

// disconnected is called by the SDK for every failure, and with nil when it does
// not go on.
func (s *ngrokSession) disconnected(_ context.Context, _ ngrok.Session, err error) {
	if err == nil {
		s.giveUp(errors.New("ngrok session ended"))
		return
	}
	s.lost(err)
}

func (s *ngrokSession) lost(err error) {
	cause := s.opts.explain(err)
	refused, _ := errors.AsType[*NgrokError](cause)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	switch {
	case s.ended:
	case s.running && refused != nil && refused.Permanent:
		s.giveUpLocked(cause)
	case s.running:
		s.notify(Notice{Kind: Lost, Err: cause})
	case refused != nil && refused.Code != codeTooManySessions, // that may be our own last one, just closed
		s.attempts >= startAttempts, time.Since(s.began) > startPatience:
		select {
		case s.failed <- cause:
		default:
		}
	}
}

// bound is told the URL of every bind.
func (s *ngrokSession) bound(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = url
}
