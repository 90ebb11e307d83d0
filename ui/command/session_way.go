package command

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"pictap/tunnel"
)

// Kinds of ways in.
const (
	wayNgrok  = "ngrok"
	wayPublic = "public-url" // a tunnel that the user already has
	wayLocal  = "local"      // this machine only
)

type wayConfig struct {
	kind         string
	publicURL    string // for wayPublic
	receiverAddr string // the receiver's port on this machine; see listenNear
	receiverMust bool
	ngrok        tunnel.NgrokOptions
}

// A way is how requests come in: the public URL, and what listens behind it
// besides the receiver's own port.
type way struct {
	fixed    string        // the URL, when it cannot change
	ngrok    *tunnel.Ngrok // nil unless wayNgrok
	listener net.Listener  // nil when the receiver's own port is all
	client   *http.Client  // for probes
}

func openWay(ctx context.Context, cfg wayConfig, door net.Listener, log *slog.Logger) (*way, error) {
	w := &way{client: probeClient(cfg.ngrok.CA)}
	switch cfg.kind {
	case wayPublic:
		w.fixed = cfg.publicURL
	case wayLocal:
		w.fixed = "http://" + door.Addr().String()
	case wayNgrok:
		opts := cfg.ngrok
		opts.Log, opts.Version = log, version()
		n, err := tunnel.OpenNgrok(ctx, opts)
		if err != nil {
			return nil, err
		}
		w.ngrok, w.listener = n, n.Listener()
	}
	return w, nil
}

func (w *way) url() string {
	if w.ngrok != nil {
		return w.ngrok.URL()
	}
	return w.fixed
}

// notices is nil, and so never ready, where nothing can happen to the way.
func (w *way) notices() <-chan tunnel.Notice {
	if w.ngrok != nil {
		return w.ngrok.Notices()
	}
	return nil
}

func (w *way) close() error {
	if w == nil || w.ngrok == nil {
		return nil
	}
	return w.ngrok.Close()
}

// probeClient asks our own public URL. It trusts what the ngrok client trusts,
// since a stand-in edge signs both with one authority.
func probeClient(extra *x509.CertPool) *http.Client {
	t := &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}
	if extra != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: extra}
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// loadCA reads a PEM file with certificates, and adds them to the system's.
func loadCA(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, usagef("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}

const (
	probePatience = 5 * time.Second // until ready is said without proof
	probePause    = 300 * time.Millisecond
)

// prove sends a nonce through the public URL until it comes back. Where that
// cannot work from here, such as behind a name that only others can resolve, it
// warns and goes on: waiting for ever would be no help either.
func (s *session) prove(ctx context.Context) (took time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	for {
		start := time.Now()
		err := s.receiver.Probe(ctx, s.way.client, s.way.url())
		if err == nil {
			s.setProbed(true)
			return time.Since(start)
		}
		s.log.Debug("probe", "url", s.way.url(), "err", err)
		pause := time.NewTimer(probePause)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			if !errors.Is(context.Cause(ctx), context.Canceled) {
				s.warn("no request came back through %s within %s (%v); deliveries may not arrive", s.way.url(), probePatience, err)
			}
			s.setProbed(false)
			return 0
		}
	}
}

func (s *session) setProbed(ok bool) {
	s.mu.Lock()
	s.probed = ok
	s.mu.Unlock()
	s.wake()
}

// listenNear listens on a loopback address, "127.0.0.1:4455". When the port is
// taken the next ones are tried, unless must says that it has to be this one.
func listenNear(addr string, must bool) (net.Listener, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usagef("%q is not an address such as 127.0.0.1:4455", sanitize(addr, 80))
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usagef("%s is not a loopback address: what listens there is for this machine alone", sanitize(addr, 80))
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, usagef("%q has no port number", sanitize(addr, 80))
	}
	tries := 20
	if must || port == 0 {
		tries = 1
	}
	for i := range tries {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port+i)))
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, errAddressInUse) || i == tries-1 {
			return nil, err
		}
	}
	return nil, errAddressInUse // not reached: tries is at least 1
}
