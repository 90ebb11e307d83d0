package tunnel_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pictap/tunnel"
	"pictap/tunnel/ngroktest"
)

func TestNgrokComesBackAfterADrop(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	url := n.URL()
	for range 10 {
		edge.DropSessions()
		if lost := wantNotice(t, n, tunnel.Lost); !isError[*tunnel.UnreachableError](lost.Err) {
			t.Errorf("Lost with %v, want an UnreachableError", lost.Err)
		}
		if online := wantNotice(t, n, tunnel.Online); online.URL != url {
			t.Errorf("online at %q, want %q", online.URL, url)
		}
		wantEcho(t, edge, url)
	}
}

// Nobody needs to read notices; the oldest are lost first.
func TestNgrokNoticesUnread(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	for range 20 {
		edge.DropSessions()
		if err := edge.WaitOnline(shortly(t), 1); err != nil {
			t.Fatal(err)
		}
		wantEcho(t, edge, n.URL()) // the SDK is done with its reconnect, too
	}
	closeSoon(t, n)
	var last tunnel.Notice
	unread := 0
	for last = range n.Notices() {
		unread++
	}
	if unread != 16 || last.Kind == tunnel.Ended {
		t.Errorf("%d notices unread, the last %+v; want 16 and no end", unread, last)
	}
}

func TestNgrokOfflineAnswers(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	inHandler := make(chan struct{})
	release := make(chan struct{})
	serveNgrok(t, n, func(w http.ResponseWriter, r *http.Request) {
		close(inHandler)
		<-release
	})
	url := n.URL()
	answered := make(chan *http.Response, 1)
	go func() {
		resp, err := edge.Client().Get(url)
		if err != nil {
			resp = &http.Response{Status: err.Error(), Body: http.NoBody}
		}
		answered <- resp
	}()
	<-inHandler
	edge.Refuse()
	edge.DropSessions()
	resp := <-answered
	resp.Body.Close()
	if got := resp.Header.Get("Ngrok-Error-Code"); resp.StatusCode != 502 || got != "ERR_NGROK_3004" {
		t.Errorf("in flight: %s %s, want 502 ERR_NGROK_3004", resp.Status, got)
	}
	resp, err := edge.Client().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("Ngrok-Error-Code"); resp.StatusCode != 404 || got != "ERR_NGROK_3200" {
		t.Errorf("offline: %s %s, want 404 ERR_NGROK_3200", resp.Status, got)
	}
	close(release)
	edge.Allow()
	wantNotice(t, n, tunnel.Online)
}

// An outage in which the service cannot even be dialled is waited out without
// the SDK's pauses.
func TestNgrokComesBackAfterAnOutage(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	var mu sync.Mutex
	down, tries := false, 0
	o := optionsFor(edge)
	o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			if tries++; tries < 3 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("network is unreachable")}
			}
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	n := openNgrok(t, o)
	serveNgrok(t, n, echoBody)
	mu.Lock()
	down = true
	mu.Unlock()
	edge.DropSessions()
	for {
		if lost := wantNotice(t, n, tunnel.Lost); strings.Contains(lost.Err.Error(), "network is unreachable") {
			break
		}
	}
	wantNotice(t, n, tunnel.Online)
	wantEcho(t, edge, n.URL())
}

// A service that hangs up for a while is retried, by the SDK.
func TestNgrokRefusedForAWhile(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	edge.RefuseFor(700 * time.Millisecond)
	edge.DropSessions()
	wantNotice(t, n, tunnel.Online)
	wantEcho(t, edge, n.URL())
}

// A refusal that may pass is retried and shown; the code is found although the
// SDK gives plain text.
func TestNgrokHostInUseAtReconnect(t *testing.T) {
	var group sync.WaitGroup // all at once, whatever -parallel says: they mostly wait
	for _, tt := range []struct {
		name string
		code string
		set  func(*ngroktest.Server, *ngroktest.Error)
	}{
		{"host", "ERR_NGROK_334", func(edge *ngroktest.Server, e *ngroktest.Error) {
			edge.RejectBind(func(bool, string) *ngroktest.Error { return e })
		}},
		{"sessions", "ERR_NGROK_108", func(edge *ngroktest.Server, e *ngroktest.Error) {
			edge.RejectAuth(func(string) *ngroktest.Error { return e })
		}},
	} {
		group.Go(func() {
			t.Run(tt.name, func(t *testing.T) {
				edge := newEdge(t, ngroktest.Config{})
				n := openNgrok(t, optionsFor(edge))
				serveNgrok(t, n, echoBody)
				tt.set(edge, &ngroktest.Error{Code: tt.code})
				edge.DropSessions()
				for {
					lost := wantNotice(t, n, tunnel.Lost)
					if refused, ok := errors.AsType[*tunnel.NgrokError](lost.Err); ok {
						if refused.Code != tt.code || refused.Permanent {
							t.Errorf("lost with %+v, want a passing %s", *refused, tt.code)
						}
						break
					}
				}
				edge.RejectBind(nil)
				edge.RejectAuth(nil)
				wantNotice(t, n, tunnel.Online)
				wantEcho(t, edge, n.URL())
			})
		})
	}
	group.Wait()
}

// A token that is revoked while the tunnel is up, or a host that is given to
// somebody else: no endless retries.
func TestNgrokRefusedForGoodAtReconnect(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ERR_NGROK_107", "ERR_NGROK_320"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			edge := newEdge(t, ngroktest.Config{})
			n := openNgrok(t, optionsFor(edge))
			var mu sync.Mutex
			tries := 0
			reject := func() *ngroktest.Error {
				mu.Lock()
				defer mu.Unlock()
				tries++
				return &ngroktest.Error{Code: code}
			}
			if code == "ERR_NGROK_107" {
				edge.RejectAuth(func(string) *ngroktest.Error { return reject() })
			} else {
				edge.RejectBind(func(bool, string) *ngroktest.Error { return reject() })
			}
			edge.DropSessions()
			ended := wantNotice(t, n, tunnel.Ended)
			refused, _ := errors.AsType[*tunnel.NgrokError](ended.Err)
			if refused == nil || refused.Code != code || strings.Contains(refused.Msg, testToken) {
				t.Errorf("ended with %v, want %s", ended.Err, code)
			}
			if err := n.Reopen(shortly(t)); !isError[*tunnel.NgrokError](err) {
				t.Errorf("Reopen() = %v, want the refusal", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if tries > 6 { // the reconnect, and Reopen with and without a host; one more of each before its end is noticed
				t.Errorf("%d attempts, want no retries", tries)
			}
		})
	}
}

func TestNgrokStoppedFromTheDashboard(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	if err := edge.StopEndpoint(n.URL(), &ngroktest.Error{Code: "ERR_NGROK_703", Msg: "Stopped by a user."}); err != nil {
		t.Fatal(err)
	}
	ended := wantNotice(t, n, tunnel.Ended)
	want := &tunnel.NgrokError{Code: "ERR_NGROK_703", Msg: "Stopped by a user."}
	if diff := cmp.Diff(want, ended.Err); diff != "" {
		t.Errorf("reason (-want +got):\n%s", diff)
	}
	if err := n.Reopen(shortly(t)); err != nil {
		t.Fatalf("Reopen() = %v", err)
	}
	wantEcho(t, edge, n.URL())
}

func TestNgrokReopen(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  ngroktest.Config
		same bool
	}{
		{"the account's own host", ngroktest.Config{DevDomain: "me.ngrok.test"}, true},
		{"the account's own port", ngroktest.Config{DevDomain: "me", PortPerEndpoint: true}, true},
		{"a random host cannot be asked for", ngroktest.Config{}, false},
		{"a random port neither", ngroktest.Config{PortPerEndpoint: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edge := newEdge(t, tt.cfg)
			n := openNgrok(t, optionsFor(edge))
			serveNgrok(t, n, echoBody)
			before := n.URL()
			wantEcho(t, edge, before)
			if err := n.Reopen(shortly(t)); err != nil {
				t.Fatalf("Reopen() = %v", err)
			}
			if same := n.URL() == before; same != tt.same {
				t.Errorf("URL() was %s and is %s, want the same: %t", before, n.URL(), tt.same)
			}
			wantEcho(t, edge, n.URL())
			if err := edge.WaitSessions(shortly(t), 1); err != nil {
				t.Error(err)
			}
		})
	}
}

// After a reconnect ngrok gives another URL. The notice shows it; the tunnel
// works at it; Reopen makes it known.
func TestNgrokRenamed(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  ngroktest.Config
	}{
		{"names", ngroktest.Config{}},
		{"ports", ngroktest.Config{PortPerEndpoint: true, DevDomain: "me"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edge := newEdge(t, tt.cfg)
			n := openNgrok(t, optionsFor(edge))
			serveNgrok(t, n, echoBody)
			old := n.URL()
			edge.RenameOnRebind(true)
			edge.DropSessions()
			online := wantNotice(t, n, tunnel.Online)
			edge.RenameOnRebind(false)
			if got := edge.Endpoints()[0].URL; online.URL != got || got == old {
				t.Errorf("online at %q, was %q, the edge says %q", online.URL, old, got)
			}
			if status, _ := postThrough(t, edge, old, nil); status != 404 {
				t.Errorf("POST to the old URL = %d, want 404", status)
			}
			if n.URL() != old {
				t.Errorf("URL() changed to %s by itself", n.URL())
			}
			if err := n.Reopen(shortly(t)); err != nil {
				t.Fatalf("Reopen() = %v", err)
			}
			if got := edge.Endpoints()[0].URL; n.URL() != got || got == old {
				t.Errorf("URL() = %q after Reopen, was %q, the edge says %q", n.URL(), old, got)
			}
			wantEcho(t, edge, n.URL())
		})
	}
}

// A URL that the user asked for is not silently replaced.
func TestNgrokReopenWantedURL(t *testing.T) {
	edge := newEdge(t, ngroktest.Config{Reserved: []string{"mine.example.com"}})
	o := optionsFor(edge)
	o.URL = "mine.example.com"
	n := openNgrok(t, o)
	edge.RejectBind(func(_ bool, host string) *ngroktest.Error {
		if host == "" {
			return nil
		}
		return &ngroktest.Error{Code: "ERR_NGROK_320"}
	})
	if err := n.Reopen(shortly(t)); !isError[*tunnel.NgrokError](err) {
		t.Errorf("Reopen() = %v, want the refusal", err)
	}
	edge.RejectBind(nil)
	if err := n.Reopen(shortly(t)); err != nil || n.URL() != "https://mine.example.com" {
		t.Errorf("Reopen() = %v at %s, want the wanted URL", err, n.URL())
	}
}
