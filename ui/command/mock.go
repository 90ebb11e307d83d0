package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"pictap/mock"
	"pictap/tunnel/pictify"
)

// Mock serves a Pictify API on this machine.
func Mock(env Env) *cli.Command {
	return &cli.Command{
		Name:  "mock",
		Usage: "play the Pictify API on this machine",
		Description: `Answers the API for webhook subscriptions, and delivers signed webhooks to whatever subscribes:
point your app, or pictap listen, at it with PICTIFY_BASE_URL. Any API key will do.
POST /webhook-subscriptions/{uid}/test with {"event":…,"data":{…}} sends one; {} sends a sample.`,
		UsageText: `pictap mock
			PICTIFY_BASE_URL=http://127.0.0.1:4010 pictap listen 3000 --tunnel none
			pictap mock --port 0 --output json`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "port", Value: 4010, Usage: "listen on port `N` of this machine; 0 chooses one"},
			&cli.BoolFlag{Name: "lenient", Usage: "let batch.* and unknown events be subscribed to, which Pictify refuses"},
			choiceFlag("plan", nil, "play the `PLAN` pro, or starter, which has no webhooks", "pro", "starter"),
			&cli.StringFlag{Name: "ca-file", Usage: "trust the certificates in `FILE` when delivering to https"},
			secretFileFlag("api-key-file", "the one key to accept, instead of any", "PICTAP_MOCK_API_KEY"),
		},
		Action: env.action(env.mock),
	}
}

func (e Env) mock(c *cli.Context, p *printer) error {
	roots, err := loadCA(c.String("ca-file"))
	if err != nil {
		return err
	}
	key, err := e.secretFrom(c, "api-key-file", "PICTAP_MOCK_API_KEY")
	if err != nil {
		return err
	}
	server := &mock.Server{
		Key: pictify.NewSecret(key), Lenient: c.Bool("lenient"), NoWebhooks: c.String("plan") == "starter",
		Dispatcher: &mock.Dispatcher{RootCAs: roots, Now: e.Now}, Now: e.Now, Random: e.Random, Log: e.logger(c),
	}
	m, err := e.serveMock(server, net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Int("port"))))
	if err != nil {
		return err
	}
	defer m.close()
	if err := e.announceMock(c, m); err != nil {
		p.warning("trigger --via mock will not find this mock: %v", err)
	}
	p.mockReady(m.url)
	select {
	case <-c.Context.Done():
	case <-p.Gone():
	case err = <-m.failed:
	}
	return err
}

// mockReady says where the mock is.
func (p *printer) mockReady(base string) {
	if p.json {
		p.emit(mockReadyLine{lineHead{"ready", 1, stamp(p.now())}, "mock", base})
		return
	}
	p.note("  %s%s", p.paintTalk.dim(pad("mock", 9)), base)
	p.note("  %s%s=%s with any key; Ctrl-C stops it", p.paintTalk.dim(pad("use", 9)), envBaseURL, base)
}

// mockReadyLine is the first line of "pictap mock --output json".
type mockReadyLine struct {
	lineHead
	Mode    string `json:"mode"`
	BaseURL string `json:"base_url"`
}

// A runningMock is a mock that is being served.
type runningMock struct {
	*mock.Server
	url    string
	note   string // the file that says where it is, "" for none
	http   *http.Server
	failed chan error
	wg     sync.WaitGroup
}

// serveMock serves a mock on exactly addr, with a control token of its own.
func (e Env) serveMock(server *mock.Server, addr string) (*runningMock, error) {
	control, err := pictify.GenerateSecret(e.random())
	if err != nil {
		return nil, err
	}
	server.Control = control
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("open mock: %w", err)
	}
	m := &runningMock{Server: server, url: "http://" + l.Addr().String(), failed: make(chan error, 1), http: &http.Server{
		Handler: server, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}}
	m.wg.Go(func() {
		if err := m.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			m.failed <- fmt.Errorf("mock: %w", err)
		}
	})
	return m, nil
}

// startMock serves a mock as it is without flags.
func (e Env) startMock(addr string) (*runningMock, error) {
	return e.serveMock(&mock.Server{Now: e.Now, Random: e.Random}, addr)
}

// close ends the server and waits for what it does.
func (m *runningMock) close() {
	ctx, cancel := context.WithTimeout(context.Background(), serveGrace)
	defer cancel()
	if m.http.Shutdown(ctx) != nil {
		m.http.Close()
	}
	m.wg.Wait()
	m.Server.Close()
	if m.note != "" {
		withdrawMock(m.note, m.url)
	}
}
