package tunnel_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"pictap/tunnel"
	"pictap/tunnel/ngroktest"
	"pictap/tunnel/pictify"
)

const testToken = "2abcDEFghiJKLmnoPQRstuVWXyz_1a2b3c4d5e6f7g8h9i0j"

// shortly bounds everything that must happen, however slow the machine.
func shortly(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newEdge(t testing.TB, cfg ngroktest.Config) *ngroktest.Server {
	t.Helper()
	edge := ngroktest.NewServer(cfg)
	t.Cleanup(edge.Close)
	return edge
}

// optionsFor leads to edge. The heartbeats are so slow that none is missed in a
// test: the SDK's handling of a missed one is a data race of its own, and runs
// for each session dropped long before.
func optionsFor(edge *ngroktest.Server) tunnel.NgrokOptions {
	return tunnel.NgrokOptions{
		Authtoken:          pictify.NewSecret(testToken),
		Server:             edge.Addr(),
		CA:                 edge.CertPool(),
		HeartbeatInterval:  time.Hour,
		HeartbeatTolerance: time.Hour,
	}
}

func openNgrok(t testing.TB, o tunnel.NgrokOptions) *tunnel.Ngrok {
	t.Helper()
	n, err := tunnel.OpenNgrok(shortly(t), o)
	if err != nil {
		t.Fatalf("OpenNgrok() = %v", err)
	}
	t.Cleanup(func() { closeSoon(t, n) })
	return n
}

// closeSoon closes n and fails if that takes longer than promised.
func closeSoon(t testing.TB, n *tunnel.Ngrok) {
	t.Helper()
	began := time.Now()
	if err := n.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Close() took %v", took)
	}
}

// serveNgrok answers n's requests with handler until the test is over.
func serveNgrok(t testing.TB, n *tunnel.Ngrok, handler http.HandlerFunc) {
	t.Helper()
	srv := &http.Server{Handler: handler}
	done := make(chan error)
	go func() { done <- srv.Serve(n.Listener()) }()
	t.Cleanup(func() {
		n.Close()
		srv.Close()
		<-done
	})
}

// echoBody reads everything first: an HTTP/1 server stops reading when the answer
// begins.
func echoBody(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Write(body)
}

// postThrough sends body through the edge and returns the status and the answer.
func postThrough(t testing.TB, edge *ngroktest.Server, url string, body []byte) (int, string) {
	t.Helper()
	resp, err := edge.Client().Post(url, "text/plain", bytes.NewReader(body))
	if err != nil {
		t.Fatalf("post %s: %v", url, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read answer of %s: %v", url, err)
	}
	return resp.StatusCode, string(answer)
}

func wantEcho(t testing.TB, edge *ngroktest.Server, url string) {
	t.Helper()
	if status, answer := postThrough(t, edge, url, []byte("hello")); status != 200 || answer != "hello" {
		t.Errorf("POST %s = %d %q, want the echo", url, status, answer)
	}
}

// wantNotice returns the first notice of a kind, and fails on one that the
// tunnel could not go on from.
func wantNotice(t testing.TB, n *tunnel.Ngrok, kind tunnel.NoticeKind) tunnel.Notice {
	t.Helper()
	ctx := shortly(t)
	for {
		select {
		case notice, open := <-n.Notices():
			switch {
			case !open:
				t.Fatalf("notices closed, want %s", kind)
			case notice.Kind == kind:
				return notice
			case notice.Kind == tunnel.Ended:
				t.Fatalf("tunnel ended, want %s: %v", kind, notice.Err)
			}
		case <-ctx.Done():
			t.Fatalf("no notice %s", kind)
		}
	}
}

func TestNgrokCarriesBodiesUnchanged(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  ngroktest.Config
	}{
		{"kept alive", ngroktest.Config{}},
		{"a stream for each request", ngroktest.Config{StreamPerRequest: true}},
		{"a port for each endpoint", ngroktest.Config{PortPerEndpoint: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			edge := newEdge(t, tt.cfg)
			n := openNgrok(t, optionsFor(edge))
			serveNgrok(t, n, echoBody)
			var group errgroup.Group
			for worker := range 8 {
				random := rand.NewChaCha8([32]byte{byte(worker)})
				group.Go(func() error {
					for i := range 40 {
						body := make([]byte, random.Uint64()%(8<<10))
						if i == 20 {
							body = make([]byte, 1<<20) // beyond all windows and buffers
						}
						random.Read(body)
						if status, answer := postThrough(t, edge, n.URL(), body); status != 200 || answer != string(body) {
							return fmt.Errorf("worker %d, request %d of %d bytes: status %d, %d bytes back", worker, i, len(body), status, len(answer))
						}
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNgrokKeepsHeaderOrder(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	const request = "POST /in?a=%2F HTTP/1.1\r\nx-second: 2\r\nHOST: HOSTNAME\r\nX-First: 1\r\nx-SECOND:  two \r\n" +
		"X-Forwarded-For: 10.0.0.9\r\nContent-Length: 3\r\n"
	got := make(chan string, 1)
	go func() {
		conn, err := n.Listener().Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 4096)
		size, _ := io.ReadAtLeast(conn, buf, len(request))
		got <- string(buf[:size])
		io.WriteString(conn, "HTTP/1.1 204 No Content\r\nx-b: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n")
	}()
	host := strings.TrimPrefix(n.URL(), "https://")
	conn, err := net.Dial("tcp", edge.FrontAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, strings.Replace(request, "HOSTNAME", host, 1)+"\r\nabc")
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(request, "HOSTNAME", host, 1)
	want = strings.Replace(want, "10.0.0.9", "10.0.0.9, 127.0.0.1", 1)
	want += "X-Forwarded-Proto: http\r\nX-Forwarded-Host: " + host + "\r\n\r\nabc"
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("HTTP/1.1 204 No Content\r\nx-b: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n", string(answer)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// What ngrok learns about us, and about the machine.
func TestNgrokIntroducesItself(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{Reserved: []string{"mine.example.com"}})
	o := optionsFor(edge)
	o.Version = "1.2.3"
	o.URL = "https://Mine.example.com/"
	o.HeartbeatInterval, o.HeartbeatTolerance = 0, 0
	n := openNgrok(t, o)
	if got, want := n.URL(), "https://mine.example.com"; got != want {
		t.Errorf("URL() = %q, want %q", got, want)
	}
	if got, want := n.Listener().Addr().String(), "mine.example.com"; got != want {
		t.Errorf("Listener().Addr() = %q, want %q", got, want)
	}
	session, endpoint := edge.Sessions()[0], edge.Endpoints()[0]
	agent, _, _ := strings.Cut(session.UserAgent, " ")
	type introduction struct {
		Authtoken, Agent, ClientType, Version, Hostname, SessionMetadata string
		ForwardsTo, Metadata, Description                                string
		Pooling                                                          bool
		Interval, Tolerance                                              time.Duration
	}
	got := introduction{
		session.Authtoken, agent, session.ClientType, session.Version, session.Hostname, session.Metadata,
		endpoint.ForwardsTo, endpoint.Metadata, endpoint.Description, endpoint.Pooling,
		session.HeartbeatInterval, session.HeartbeatTolerance,
	}
	want := introduction{
		testToken, "pictap/1.2.3", "pictap", "1.2.3", "", "pictap",
		"pictap", "pictap", "", false,
		10 * time.Second, 15 * time.Second,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what ngrok is told (-want +got):\n%s", diff)
	}
}

func TestNgrokServerAddresses(t *testing.T) {
	v6 := newEdge(t, ngroktest.Config{Addr: "[::1]:0"})
	v4 := newEdge(t, ngroktest.Config{})
	_, port, _ := net.SplitHostPort(v4.Addr())
	for _, tt := range []struct {
		edge   *ngroktest.Server
		server string
	}{
		{v6, v6.Addr()},
		{v4, v4.Addr()},
		{v4, "localhost:" + port},
	} {
		o := optionsFor(tt.edge)
		o.Server = tt.server
		n := openNgrok(t, o)
		serveNgrok(t, n, echoBody)
		wantEcho(t, tt.edge, n.URL())
	}
}

// The token must not be in the log of a whole life, whatever the SDK puts there.
func TestNgrokLogHasNoSecrets(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	var log bytes.Buffer
	o := optionsFor(edge)
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n := openNgrok(t, o)
	serveNgrok(t, n, echoBody)
	wantEcho(t, edge, n.URL())
	edge.DropSessions()
	wantNotice(t, n, tunnel.Online)
	n.Close()
	text := log.String()
	for _, secret := range []string{testToken, "cookie-of-", "token-"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log contains %q:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "client session established") {
		t.Errorf("the log lacks the SDK's records:\n%s", text)
	}
	if out := fmt.Sprintf("%v %+v %#v", o, o, o); strings.Contains(out, testToken) {
		t.Errorf("printing the options shows the authtoken: %s", out)
	}
}
