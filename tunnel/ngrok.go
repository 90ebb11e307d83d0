package tunnel

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"pictap/tunnel/pictify"
)

const defaultNgrokServer = "connect.ngrok-agent.com:443"

// NgrokOptions says which tunnel to open. Only Authtoken is required.
type NgrokOptions struct {
	Authtoken pictify.Secret
	Server    string         // host:port of the ingress; "" is ngrok's
	CA        *x509.CertPool // who vouches for Server; nil is ngrok's own root
	URL       string         // the wanted https URL or host; "" is the account's own, or a random one
	Version   string         // ours, for ngrok's dashboard; "" is "dev"
	Log       *slog.Logger   // the SDK's own log, at debug level; nil is none

	// ConnectTimeout bounds each start, from dialling to the bound endpoint.
	// 0 is 15 s. A service that refuses or cannot be reached is reported much
	// sooner; this is for one that says nothing.
	ConnectTimeout time.Duration

	// How often the connection is tested, and how late an answer may be. A dead
	// path is noticed after at most their sum. 0 is the SDK's, 10 s and 15 s.
	HeartbeatInterval, HeartbeatTolerance time.Duration

	// Dial opens TCP connections to Server; nil is a net.Dialer's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// complete fills in the defaults and checks the rest.
func (o *NgrokOptions) complete() error {
	token := strings.TrimSpace(o.Authtoken.Reveal()) // a file or a variable often ends with a newline
	if token == "" {
		return ErrNoAuthtoken
	}
	o.Authtoken = pictify.NewSecret(token)
	o.Server = cmp.Or(o.Server, defaultNgrokServer)
	if _, _, err := net.SplitHostPort(o.Server); err != nil {
		o.Server = net.JoinHostPort(strings.Trim(o.Server, "[]"), "443")
	}
	if o.URL != "" {
		host, err := httpsHost(o.URL)
		if err != nil {
			return err
		}
		o.URL = "https://" + host
	}
	o.Version = cmp.Or(o.Version, "dev")
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 15*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	return nil
}

// httpsHost returns the host of an https URL, or text itself if it is a host.
func httpsHost(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", fmt.Errorf("ngrok url %q is not https://HOST", text)
	}
	return strings.ToLower(u.Host), nil
}

// Ngrok is a tunnel through ngrok: a listener here whose connections come from a
// public URL.
//
// After an outage it comes back by itself, normally at the same URL. It tells
// what happens through [Ngrok.Notices]; whoever reads them checks after each
// Online that the URL still leads here, since ngrok may have given another one,
// which the SDK does not notice, and calls [Ngrok.Reopen] if not.
//
// All methods may be called by several goroutines at once.
type Ngrok struct {
	opts     NgrokOptions
	listener *pumpListener
	notices  *notices
	wg       sync.WaitGroup // sessions that end by themselves

	changing sync.Mutex // held while the session is replaced or closed
	session  *ngrokSession

	mu        sync.Mutex         // guards all below
	url       string             // the last one bound
	interrupt context.CancelFunc // of a Reopen under way
	closed    bool
}

// OpenNgrok opens a tunnel. It returns when the public endpoint is bound, or when
// it is clear that it will not be; ctx bounds the start and nothing after it.
//
// The error is [ErrNoAuthtoken], an [*NgrokError] for a refusal, which comes back
// at once (after two seconds if the host is in use or there are too many sessions,
// since a run that has just ended may be the reason), an [*UnreachableError] if
// there is no network, name, trusted certificate or answer, or ctx's.
func OpenNgrok(ctx context.Context, o NgrokOptions) (*Ngrok, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	n := &Ngrok{opts: o, notices: newNotices()}
	n.listener = newPumpListener(n.addr)
	n.changing.Lock()
	defer n.changing.Unlock()
	if err := n.open(ctx, o.URL); err != nil {
		return nil, err
	}
	return n, nil
}

// open makes a new session the current one. It needs n.changing.
func (n *Ngrok) open(ctx context.Context, wantedURL string) error {
	s := &ngrokSession{opts: &n.opts, listener: n.listener, notify: n.notices.send, spawn: n.wg.Go}
	if err := s.open(ctx, hostOf(wantedURL)); err != nil {
		return err
	}
	n.session = s
	n.mu.Lock()
	defer n.mu.Unlock()
	n.url = s.tun.URL()
	return nil
}

func hostOf(rawURL string) string {
	_, host, _ := strings.Cut(rawURL, "://")
	return host
}

// Listener returns the one listener of n, whichever session is current. Closing
// it refuses further connections and leaves the tunnel open.
//
// Serve it with read and idle timeouts, but no WriteTimeout: a write that waits
// for a slow reader far away heeds no deadline, and an expired one can break the
// whole session. Only [Ngrok.Close] frees it, so close n before the http.Server.
func (n *Ngrok) Listener() net.Listener { return n.listener }

func (n *Ngrok) addr() net.Addr { return ngrokAddr(hostOf(n.URL())) }

// URL returns the public URL without a trailing slash, as "https://HOST". It
// changes with Reopen only.
func (n *Ngrok) URL() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.url
}

// Notices returns what happens to the tunnel from now on. Nobody waits for the
// reader: if it is slow, old notices are dropped. The channel is closed by Close.
func (n *Ngrok) Notices() <-chan Notice { return n.notices.ch }

// Reopen replaces the session by a new one: after an Ended, or when the URL does
// not lead here any more. It asks for the URL that n has, and if that is refused
// for any other, unless Options.URL demands this one. URL tells the result.
//
// Errors are those of [OpenNgrok], and net.ErrClosed after Close. After an error
// the tunnel is down, and Reopen may be called again.
func (n *Ngrok) Reopen(ctx context.Context) error {
	n.changing.Lock()
	defer n.changing.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !n.interruptible(cancel) {
		return net.ErrClosed
	}
	if n.session != nil {
		n.session.end()
		n.session = nil
	}
	err := n.open(ctx, n.URL())
	if n.opts.URL == "" && isRefusal(err, hostCodes...) {
		err = n.open(ctx, "")
	}
	if errors.Is(err, context.Canceled) && !n.interruptible(nil) {
		return net.ErrClosed
	}
	return err
}

// interruptible makes Close call cancel, unless n is closed already.
func (n *Ngrok) interruptible(cancel context.CancelFunc) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.interrupt = cancel
	return !n.closed
}

// Close ends the tunnel: no connection is handed out any more, ngrok is told,
// and connections still open are cut. It takes about three seconds at most,
// whatever the state of the network, and never fails.
func (n *Ngrok) Close() error {
	n.mu.Lock()
	n.closed = true
	if n.interrupt != nil {
		n.interrupt()
	}
	n.mu.Unlock()
	n.listener.Close()

	n.changing.Lock()
	defer n.changing.Unlock()
	if n.session != nil {
		n.session.end()
	}
	n.wg.Wait()
	n.notices.close()
	return nil
}
