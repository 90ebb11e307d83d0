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
		Description: `Answers the whole API: renders, templates, batches, bindings and webhook subscriptions. Every url in
an answer serves a real picture, drawn here, and every render is delivered to whatever subscribes, signed.
Point your app, or pictap listen, at it with PICTIFY_BASE_URL. Any API key will do.

The template XL13XACH2V, with the variables name and company, is there from the start, and some more.
The variables {"fail":"RENDER_TIMEOUT"} make a render fail with that code; {"slow":"2s"} makes it wait.
POST /webhook-subscriptions/{uid}/test with {"event":…,"data":{…}} sends one; {} sends a sample.

What is not answered 2xx is tried again after 1m, 5m, 30m, 2h and 24h, as documented; then the
subscription is disabled (failed, or paused with --after-retries), until it is resumed. --time-scale
makes that a matter of seconds.

A fault is "[METHOD ]PATH=WHAT[@DURATION][:PART]": PATH may have * in it, WHAT is a status from 400
to 599, reset, empty or hang, which answer nothing, truncate, slow or type, which spoil the answer,
or gone: 404 some time after it was first asked for. Without PART, each request has it. A request
can ask for a fault itself: "Prefer: code=429" or "X-Mock-Fault: hang".`,
		UsageText: `pictap mock
			PICTIFY_BASE_URL=http://127.0.0.1:4010 pictap listen 3000 --tunnel none
			pictap mock --time-scale 3200 --state mock.json
			pictap mock --latency 50-200ms --fault 'POST /image=500:10%' --rate-limit 60/m --seed 1
			pictap mock log --follow
			pictap mock --port 0 --output json`,
		Category:    ownFlags,
		Flags:       mockFlags(),
		Subcommands: []*cli.Command{mockLog(env), mockDeliveries(env), mockAttempt(env), mockState(env), mockReset(env)},
		Action:      env.action(env.mock),
	}
}

func (e Env) mock(c *cli.Context, p *printer) error {
	server, err := e.mockServer(c)
	if err != nil {
		return err
	}
	// What goes to a batch's webhookUrl has no subscription's secret: the documents do
	// not say what signs it, so it is the one that the app has.
	if secret, _, err := e.localSecret(c); err == nil {
		server.HookSecret = secret
	} else {
		p.warning("what goes to the webhookUrl of a batch cannot be signed: %v", err)
	}
	state := c.String("state")
	if state != "" {
		if err := server.KeepState(state); err != nil {
			server.Close()
			return err
		}
	}
	ready := make(chan struct{})
	server.Warn = func(text string) {
		<-ready // it is the first line that is printed
		p.warning("%s", text)
	}
	m, err := e.serveMock(server, net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Int("port"))))
	if err != nil {
		server.Close()
		return err
	}
	if err := e.announceMock(c, m); err != nil {
		p.warning("pictap mock log and trigger --via mock will not find this mock: %v", err)
	}
	p.mockReady(m, mockNotes(server, state))
	close(ready)
	select {
	case <-c.Context.Done():
	case <-p.Gone():
	case err = <-m.failed:
	}
	if closeErr := m.close(); err == nil {
		err = closeErr
	}
	p.notRendered(server.CutShort())
	p.stillDue(server.Due(), state)
	return err
}

// notRendered says what batches lack that the mock had accepted. They are not gone on with,
// state or not.
func (p *printer) notRendered(batches, renders int) {
	if batches > 0 {
		p.warning("%s cut short: %s not made, and lost", count(batches, "batch"), count(renders, "render"))
	}
}

// stillDue says what the mock had not delivered when it ended.
func (p *printer) stillDue(all []mock.Due, state string) {
	due := 0
	for _, d := range all {
		if d.State != "failed" {
			due++
		}
	}
	switch {
	case due == 0:
	case state != "":
		p.note("  %s%s still due, kept in %s", p.paintTalk.dim(pad("bye", 9)), count(due, "delivery"), sanitize(state, 300))
	default:
		p.warning("%s still due, and lost; --state FILE keeps such", count(due, "delivery"))
	}
}

// mockReady says where the mock is.
func (p *printer) mockReady(m *runningMock, notes [][2]string) {
	if p.json {
		p.emit(mockReadyLine{lineHead{"ready", 1, stamp(p.now())}, "mock", m.url, m.Faults.Seed})
		return
	}
	p.note("  %s%s", p.paintTalk.dim(pad("mock", 9)), m.url)
	for _, note := range notes {
		p.note("  %s%s", p.paintTalk.dim(pad(note[0], 9)), note[1])
	}
	p.note("  %s%s=%s with any key; Ctrl-C stops it", p.paintTalk.dim(pad("use", 9)), envBaseURL, m.url)
}

// mockReadyLine is the first line of "pictap mock --output json".
type mockReadyLine struct {
	lineHead
	Mode    string `json:"mode"`
	BaseURL string `json:"base_url"`
	Seed    uint64 `json:"seed"` // of latency and faults
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

// startMock serves a mock as it is without flags. The secret signs what goes to the
// webhookUrl of a batch.
func (e Env) startMock(addr string, secret pictify.Secret) (*runningMock, error) {
	return e.serveMock(&mock.Server{HookSecret: secret, Now: e.Now, Random: e.Random}, addr)
}

// close ends the server and waits for what it does. The error is about state that
// could not be kept.
func (m *runningMock) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), serveGrace)
	defer cancel()
	m.Release()
	if m.http.Shutdown(ctx) != nil {
		m.http.Close()
	}
	m.wg.Wait()
	err := m.Server.Close()
	if m.note != "" {
		withdrawMock(m.note, m.url)
	}
	return err
}
