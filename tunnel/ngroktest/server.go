package ngroktest

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Config says what kind of ngrok account and service a Server plays. The zero
// Config accepts any authtoken that is not empty and gives each endpoint a new
// host.
type Config struct {
	Addr             string   // where agents connect; "" is a free port of 127.0.0.1
	Domain           string   // of invented hosts; "" is ngrok.test
	Authtokens       []string // the valid ones; none is all
	DevDomain        string   // the account's one fixed host, if not ""; with PortPerEndpoint any text stands for one fixed port
	Reserved         []string // further hosts that may be asked for
	MaxSessions      int      // agents at a time, 0 is any number
	PortPerEndpoint  bool     // invented hosts are 127.0.0.1:PORT, each on a front of its own
	StreamPerRequest bool     // a new proxy stream, so a new connection to the agent's server, for each request

	// OnChange, if not nil, is told when an endpoint goes online or offline,
	// before anybody else can see it. It must not call the Server.
	OnChange func(url string, online bool)

	// Logf, if not nil, gets one line for everything that happens. It must not
	// be used after Close, so t.Logf is fine.
	Logf func(format string, args ...any)
}

// A Server is a stand-in ngrok service. All its methods may be called by several
// goroutines at once.
type Server struct {
	cfg    Config
	ca     *authority
	agents net.Listener
	plain  *front // http, for all hosts that have none of their own
	secure *front // https, likewise
	client *http.Client
	wg     sync.WaitGroup // everything that runs

	mu         sync.Mutex // guards all below
	closed     bool
	changed    chan struct{} // closed and replaced when an endpoint or session comes or goes
	listeners  []net.Listener
	public     map[net.Conn]bool
	sessions   map[*session]bool
	endpoints  map[string]*endpoint // by host
	bindTokens map[string]string    // the host that a bind's token stands for
	devHost    string
	lastID     int

	rejectAuth       func(authtoken string) *Error
	rejectBind       func(again bool, host string) *Error
	rename, refusing bool
}

// NewServer starts a Server. Like httptest.NewServer it panics if it cannot
// listen. The caller must Close it.
func NewServer(cfg Config) *Server {
	s, err := start(cfg)
	if err != nil {
		panic(fmt.Sprintf("ngroktest: %v", err))
	}
	return s
}

func start(cfg Config) (*Server, error) {
	cfg.Addr = cmp.Or(cfg.Addr, "127.0.0.1:0")
	cfg.Domain = cmp.Or(cfg.Domain, "ngrok.test")
	s := &Server{
		cfg:        cfg,
		changed:    make(chan struct{}),
		public:     map[net.Conn]bool{},
		sessions:   map[*session]bool{},
		endpoints:  map[string]*endpoint{},
		bindTokens: map[string]string{},
		devHost:    cfg.DevDomain,
	}
	names := append([]string{cfg.Domain, "*." + cfg.Domain}, cfg.Reserved...)
	if cfg.DevDomain != "" {
		names = append(names, cfg.DevDomain)
	}
	var err error
	if s.ca, err = newAuthority(names); err != nil {
		return nil, err
	}
	if s.agents, err = net.Listen("tcp", cfg.Addr); err != nil {
		return nil, fmt.Errorf("listen for agents: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, s.agents)
	if s.plain, err = s.openFront("http"); err != nil {
		return nil, err
	}
	s.startFront(s.plain)
	if s.secure, err = s.openFront("https"); err != nil {
		return nil, err
	}
	s.startFront(s.secure)
	if cfg.DevDomain != "" && cfg.PortPerEndpoint {
		host, err := s.newHost("https")
		if err != nil {
			return nil, err
		}
		s.devHost = host
	}
	s.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext:     s.dialPublic,
		TLSClientConfig: &tls.Config{RootCAs: s.ca.pool},
	}}
	s.wg.Go(s.acceptAgents)
	return s, nil
}

func (s *Server) acceptAgents() {
	for {
		conn, err := s.agents.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		refusing := s.refusing
		s.mu.Unlock()
		if refusing {
			reset(conn)
			continue
		}
		s.wg.Go(func() { s.serveAgent(conn) })
	}
}

// addSession reports whether the server is still open for sess.
func (s *Server) addSession(sess *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.sessions[sess] = true
		s.announceChange()
	}
	return !s.closed
}

func (s *Server) dropSession(sess *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sess)
	s.announceChange()
	for _, ep := range s.endpoints {
		if ep.session == sess {
			s.takeOffline(ep)
		}
	}
}

func (s *Server) currentSessions() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.sessions))
}

func (s *Server) logf(format string, args ...any) {
	if s.cfg.Logf != nil {
		s.cfg.Logf("ngroktest: "+format, args...)
	}
}

// Close ends all sessions and public connections and waits for everything that
// the server started.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, ln := range s.listeners {
		ln.Close()
	}
	for conn := range s.public {
		conn.Close()
	}
	sessions := slices.Collect(maps.Keys(s.sessions))
	s.mu.Unlock()
	for _, sess := range sessions {
		sess.conn.Close()
	}
	s.wg.Wait()
	s.client.CloseIdleConnections()
}

// Addr returns the host:port where agents connect, for ngrok.WithServer.
func (s *Server) Addr() string { return s.agents.Addr().String() }

// CertPool returns the CA of the edge and of its fronts, for ngrok.WithCA and
// for callers.
func (s *Server) CertPool() *x509.CertPool { return s.ca.pool.Clone() }

// CAPEM returns the same CA as a PEM file.
func (s *Server) CAPEM() []byte { return slices.Clone(s.ca.pem) }

// FrontAddr returns the host:port of the public HTTP front, which finds an
// endpoint by the Host header.
func (s *Server) FrontAddr() string { return s.plain.ln.Addr().String() }

// FrontTLSAddr returns the host:port of the public HTTPS front.
func (s *Server) FrontTLSAddr() string { return s.secure.ln.Addr().String() }

// Client returns a client that knows where all public hosts are and trusts the
// edge's CA.
func (s *Server) Client() *http.Client { return s.client }

func (s *Server) dialPublic(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost" || ip != nil && ip.IsLoopback():
		// a front's own address
	case port == "80":
		addr = s.FrontAddr()
	default:
		addr = s.FrontTLSAddr()
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}
