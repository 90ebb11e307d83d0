package tunnel_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/ngroktest"
	"pictap/tunnel/pictify"
)

func TestOpenNgrokRefused(t *testing.T) {
	var group sync.WaitGroup // all at once, whatever -parallel says: they mostly wait
	for _, tt := range []struct {
		name      string
		code      string // of the refusal
		bind      bool   // of the endpoint, not of the session
		permanent bool
		within    time.Duration
	}{
		{"not a token", "ERR_NGROK_105", false, true, time.Second},
		{"old token", "ERR_NGROK_106", false, true, time.Second},
		{"revoked token", "ERR_NGROK_107", false, true, time.Second},
		{"unverified account", "ERR_NGROK_4018", false, true, time.Second},
		{"too many sessions", "ERR_NGROK_108", false, false, 4 * time.Second},
		{"monthly limit", "ERR_NGROK_727", false, false, time.Second},
		{"unknown code", "ERR_NGROK_99999", false, false, time.Second},
		{"no code", "", false, false, time.Second},
		{"domain not reserved", "ERR_NGROK_319", true, true, time.Second},
		{"domain of another account", "ERR_NGROK_320", true, true, time.Second},
		{"domain in use", "ERR_NGROK_334", true, false, 4 * time.Second},
	} {
		group.Go(func() {
			t.Run(tt.name, func(t *testing.T) {
				edge := newEdge(t, ngroktest.Config{})
				var tries atomic.Int64
				refuse := func() *ngroktest.Error {
					tries.Add(1)
					return &ngroktest.Error{Code: tt.code}
				}
				if tt.bind {
					edge.RejectBind(func(bool, string) *ngroktest.Error { return refuse() })
				} else {
					edge.RejectAuth(func(string) *ngroktest.Error { return refuse() })
				}
				var log bytes.Buffer
				o := optionsFor(edge)
				o.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				began := time.Now()
				_, err := tunnel.OpenNgrok(shortly(t), o)
				took := time.Since(began)

				refused, ok := errors.AsType[*tunnel.NgrokError](err)
				if !ok {
					t.Fatalf("OpenNgrok() = %v, want an NgrokError", err)
				}
				if refused.Code != tt.code || refused.Permanent != tt.permanent || refused.Msg == "" {
					t.Errorf("OpenNgrok() = %+v, want code %q, permanent %t, a message", *refused, tt.code, tt.permanent)
				}
				// The SDK tries again after half a second, if we let it.
				if took > 20*time.Second || took > tt.within && tries.Load() > 1 && tt.within == time.Second {
					t.Errorf("took %v and %d tries, want at most %v", took, tries.Load(), tt.within)
				}
				for name, text := range map[string]string{
					"error": fmt.Sprintf("%v %+v %#v %s", err, refused, refused, refused.Msg),
					"log":   log.String(),
				} {
					if strings.Contains(text, testToken) {
						t.Errorf("the %s contains the authtoken:\n%s", name, text)
					}
				}
				if log.Len() == 0 {
					t.Error("nothing was logged, so nothing was proved about the log")
				}
				if err := edge.WaitOnline(shortly(t), 0); err != nil {
					t.Error(err)
				}
			})
		})
	}
	group.Wait()
}

func TestNgrokErrorText(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{Authtokens: []string{"another"}})
	_, err := tunnel.OpenNgrok(shortly(t), optionsFor(edge))
	want := "ngrok refused: The authtoken you specified is properly formed, but it is invalid (ERR_NGROK_107)"
	if err == nil || err.Error() != want {
		t.Errorf("OpenNgrok() = %v, want %q", err, want)
	}
	refused, _ := errors.AsType[*tunnel.NgrokError](err)
	if refused == nil || !strings.Contains(refused.Msg, "Your authtoken: …\n") {
		t.Errorf("message %q, want the line with the authtoken, without the authtoken", refused.Msg)
	}
}

func TestOpenNgrokWithoutToken(t *testing.T) {
	for _, token := range []string{"", " \n"} {
		dialled := false
		_, err := tunnel.OpenNgrok(shortly(t), tunnel.NgrokOptions{
			Authtoken: pictify.NewSecret(token),
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dialled = true
				return nil, errors.New("no")
			},
		})
		if !errors.Is(err, tunnel.ErrNoAuthtoken) || dialled {
			t.Errorf("OpenNgrok(%q) = %v, dialled %t, want ErrNoAuthtoken and no attempt", token, err, dialled)
		}
	}
}

func TestOpenNgrokBadURL(t *testing.T) {
	for _, url := range []string{"http://a.example", "https://a.example/path", "https://", "https://a.example?x=1", "tcp://a.example:1", "https://%zz"} {
		o := tunnel.NgrokOptions{Authtoken: pictify.NewSecret(testToken), URL: url}
		if _, err := tunnel.OpenNgrok(shortly(t), o); err == nil {
			t.Errorf("OpenNgrok with URL %q succeeded", url)
		}
	}
}

func TestOpenNgrokDials(t *testing.T) {
	for _, tt := range []struct{ server, want string }{
		{"", "connect.ngrok-agent.com:443"},
		{"connect.example.com", "connect.example.com:443"},
		{"connect.example.com:8443", "connect.example.com:8443"},
		{"::1", "[::1]:443"},
		{"[::1]", "[::1]:443"},
		{"[::1]:8443", "[::1]:8443"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		dialled := make(chan string, 1)
		_, err := tunnel.OpenNgrok(ctx, tunnel.NgrokOptions{
			Authtoken: pictify.NewSecret(testToken),
			Server:    tt.server,
			Dial: func(_ context.Context, network, addr string) (net.Conn, error) {
				select {
				case dialled <- addr:
				default: // once more, before the end is noticed
				}
				cancel()
				return nil, errors.New("no")
			},
		})
		if got := <-dialled; err == nil || got != tt.want {
			t.Errorf("server %q: dialled %q, want %q; %v", tt.server, got, tt.want, err)
		}
	}
}

// Of each way in which ngrok cannot be reached, the error names the cause, and
// comes within five seconds.
func TestOpenNgrokUnreachable(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	refusing := newEdge(t, ngroktest.Config{})
	refusing.Refuse()
	closed := newEdge(t, ngroktest.Config{})
	closed.Close()
	var group sync.WaitGroup // all at once, whatever -parallel says: they mostly wait
	for _, tt := range []struct {
		name   string
		change func(*tunnel.NgrokOptions)
		cause  func(error) bool
	}{
		{"connection refused", func(o *tunnel.NgrokOptions) { o.Server = closed.Addr() }, isError[*net.OpError]},
		{"name not found", func(o *tunnel.NgrokOptions) {
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}}
			}
		}, isError[*net.DNSError]},
		{"unknown authority", func(o *tunnel.NgrokOptions) { o.CA = x509.NewCertPool() }, isError[x509.UnknownAuthorityError]},
		{"another name's certificate", func(o *tunnel.NgrokOptions) {
			addr := o.Server
			o.Server = "connect.example.com:443"
			o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, addr)
			}
		}, isError[x509.HostnameError]},
		{"not TLS", func(o *tunnel.NgrokOptions) { o.Server = edge.FrontAddr() }, anyError},
		{"TLS but not ngrok", func(o *tunnel.NgrokOptions) {
			o.Server = edge.FrontTLSAddr() // waits for a line of HTTP
			o.ConnectTimeout = time.Second
		}, anyError},
		{"reset", func(o *tunnel.NgrokOptions) { o.Server = refusing.Addr() }, anyError},
	} {
		group.Go(func() {
			t.Run(tt.name, func(t *testing.T) {
				o := optionsFor(edge)
				tt.change(&o)
				began := time.Now()
				_, err := tunnel.OpenNgrok(shortly(t), o)
				unreachable, ok := errors.AsType[*tunnel.UnreachableError](err)
				if !ok || !tt.cause(err) {
					t.Fatalf("OpenNgrok() = %v (%T), want an UnreachableError with its cause", err, err)
				}
				if unreachable.Server != o.Server {
					t.Errorf("Server = %q, want %q", unreachable.Server, o.Server)
				}
				if took := time.Since(began); took > 12*time.Second { // it would go on for 15
					t.Errorf("took %v", took)
				}
				t.Log(err)
			})
		})
	}
	group.Wait()
}

func isError[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }
func anyError(err error) bool         { return err != nil }

// A service that accepts and then says nothing.
func TestOpenNgrokSilence(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	o := tunnel.NgrokOptions{Authtoken: pictify.NewSecret(testToken), Server: ln.Addr().String(), ConnectTimeout: 300 * time.Millisecond}
	began := time.Now()
	if _, err := tunnel.OpenNgrok(shortly(t), o); !isError[*tunnel.UnreachableError](err) {
		t.Errorf("OpenNgrok() = %v, want an UnreachableError", err)
	}
	o.ConnectTimeout = 0
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := tunnel.OpenNgrok(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("OpenNgrok() = %v, want the context's error", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
}

// A second run on the same account must not share the first one's deliveries.
func TestNgrokSecondRunIsRefused(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{DevDomain: "me.ngrok.test", MaxSessions: 2})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	_, err := tunnel.OpenNgrok(shortly(t), optionsFor(edge))
	if refused, _ := errors.AsType[*tunnel.NgrokError](err); refused == nil || refused.Code != "ERR_NGROK_334" {
		t.Errorf("second OpenNgrok() = %v, want ERR_NGROK_334", err)
	}
	wantEcho(t, edge, n.URL())
}

func TestNgrokSessionLimit(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{MaxSessions: 1})
	n := openNgrok(t, optionsFor(edge))
	_, err := tunnel.OpenNgrok(shortly(t), optionsFor(edge))
	if refused, _ := errors.AsType[*tunnel.NgrokError](err); refused == nil || refused.Code != "ERR_NGROK_108" {
		t.Errorf("second OpenNgrok() = %v, want ERR_NGROK_108", err)
	}
	n.Close()
	openNgrok(t, optionsFor(edge)) // although the edge may not know yet that the first has gone
}
