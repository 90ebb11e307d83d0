//go:build !race

package tunnel_test

import (
	"testing"
	"time"

	"pictap/tunnel"
	"pictap/tunnel/ngroktest"
)

// The tests of this file make the SDK (golang.ngrok.com/ngrok v1.12.1 with
// muxado v2.0.2) do what is a data race inside it: a heartbeat that times out
// reads the logger that the authentication set, and a session that is closed
// while it reconnects gives a frame back that is being written. They say nothing
// about races of ours, which the other tests look for.

// A path that died without a sign is noticed by its heartbeat.
func TestNgrokComesBackFromADeadPath(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	o := optionsFor(edge)
	o.HeartbeatInterval, o.HeartbeatTolerance = 200*time.Millisecond, 200*time.Millisecond
	n := openNgrok(t, o)
	serveNgrok(t, n, echoBody)
	edge.Freeze()
	wantNotice(t, n, tunnel.Lost)
	wantNotice(t, n, tunnel.Online)
	wantEcho(t, edge, n.URL())
	if err := edge.WaitSessions(shortly(t), 1); err != nil {
		t.Error(err)
	}
}

func TestNgrokCloseOnADeadPath(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	edge.Freeze()
	closeSoon(t, n)
}

func TestNgrokReopenOnADeadPath(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	old := n.URL()
	edge.Freeze()
	if err := n.Reopen(shortly(t)); err != nil {
		t.Fatalf("Reopen() = %v", err)
	}
	if n.URL() == old {
		t.Errorf("still at %s, which the dead session holds", old)
	}
	wantEcho(t, edge, n.URL())
}

func TestNgrokCloseDuringAnOutage(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	n := openNgrok(t, optionsFor(edge))
	serveNgrok(t, n, echoBody)
	edge.Refuse()
	edge.DropSessions()
	for range 3 { // the SDK now pauses for a second or more
		wantNotice(t, n, tunnel.Lost)
	}
	closeSoon(t, n)
}

// Close at all sorts of moments of a reconnect.
func TestNgrokCloseWhileReconnecting(t *testing.T) {
	t.Parallel()
	edge := newEdge(t, ngroktest.Config{})
	for range 50 {
		n := openNgrok(t, optionsFor(edge))
		edge.DropSessions()
		closeSoon(t, n)
	}
	if err := edge.WaitOnline(shortly(t), 0); err != nil {
		t.Error(err)
	}
}
